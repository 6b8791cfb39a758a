import { invalidOption } from "../../lib/option.js";
import type { ClientContext } from "./context.js";
import { ClientFiles } from "./files.js";
import { Handover } from "./handover.js";
import { ClientInbox } from "./inbox.js";
import { parseClientOptions } from "./options.js";
import type { SigningTransportOptions } from "./options.js";
import { ClientOutbox } from "./outbox.js";
import { OpenRequests } from "./requests.js";
import { proxyTransport } from "../transport-proxy.js";
import type { TransportHooks } from "../transport-proxy.js";

/** Makes a {@link SigningTransport}. What it makes is of the class of the transport that it wraps. */
export interface SigningTransportConstructor {
  new <T extends object>(inner: T, options: SigningTransportOptions): T;
  /** Tells whether a value was made by this constructor. */
  [Symbol.hasInstance](value: unknown): boolean;
}

const made = new WeakSet<object>();

class SigningTransportProxy {
  constructor(inner: object, options: SigningTransportOptions) {
    requireTransport(inner, options);
    const transport = proxyTransport(inner, createHooks(inner, options));
    // Also without an SDK, which sets `onclose` anyway, what was opened ends with the connection.
    Reflect.set(transport, "onclose", Reflect.get(inner, "onclose"));
    made.add(transport);
    return transport;
  }

  static [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && made.has(value);
  }
}

/**
 * Signs what an MCP client sends, and checks what comes back.
 *
 * It wraps any client transport of either SDK and behaves as that transport in every way that the SDKs probe. Each
 * request that `methods` covers leaves with a fresh receipt in `params._meta`, every leg of a multi-round-trip call too.
 * With `servers`, an answer to such a request reaches the caller only if it is countersigned by a trusted server, over
 * the very receipt that was sent and over the very content that came; otherwise the caller gets a JSON-RPC error with
 * code `1` whose `data.reason` is a {@link ClientRefusalCode}, and an answer that fits no open request is dropped and
 * reported to `onerror`. Without `servers` nothing is refused and nothing is proved.
 *
 * With `audit` both receipts are kept: a request leaves once its receipt is on disk, and an answer is handed on once its
 * countersignature is. What comes in then waits in line behind such an answer; without `audit` nothing ever waits. An answer
 * that is being logged when the connection ends is in the log, and its caller hears of the end alone.
 *
 * Not signed, and so open to whoever is in between: `inputResponses`, `requestState`, `task`, progress tokens,
 * cancellations, requests that `methods` does not cover, and whatever the server asks of the client.
 *
 * An error that a server did not countersign, such as a guard's refusal of the call, may come from anybody: the caller
 * gets `countersignature_missing`, with what it said in `data.answered` and without its `data`, on which SDKs act. So
 * does a tool's own error whose `data` is no object: a guard has no place for a countersignature in it.
 *
 * @param inner - The transport to the server. Do not use it beside.
 * @param options - Who signs, for which server, and whom to trust.
 * @throws `OptionError` for an option of the wrong type, an unknown one, or one whose feature is not there yet.
 * `start()`, which the SDKs call in `connect`, rejects with `SignerError`, `TrustRegistryError` or `AuditLogError` for a
 * file that does not hold or a log that cannot be written, and with `DependencyError` when what such a log needs is not installed.
 *
 * @example
 * ```ts
 * const inner = new StdioClientTransport({ command: "my-mcp-server" });
 * const transport = new SigningTransport(inner, {
 *   identity: "my-agent",
 *   target: "mcp://github",
 *   servers: "config/registry.yaml",
 * });
 * await client.connect(transport);
 * ```
 */
export const SigningTransport: SigningTransportConstructor =
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it returns what it wraps, which no class can say
  SigningTransportProxy as SigningTransportConstructor;

/** A transport made by {@link SigningTransport}: the one that it wraps, as far as types go. */
export type SigningTransport<T extends object = object> = T;

function requireTransport(inner: unknown, options: unknown): void {
  if (made.has(Object(inner))) {
    throw invalidOption("inner", "a transport that is not signing yet", "a SigningTransport");
  }
  if (isTransport(inner)) return;
  const wanted = isTransport(options)
    ? "the transport, and the options come after it"
    : "a transport of an MCP SDK, which has a method send";
  throw invalidOption("inner", wanted, inner);
}

function isTransport(value: unknown): boolean {
  return typeof value === "object" && value !== null && typeof Reflect.get(value, "send") === "function";
}

function createHooks(inner: object, options: SigningTransportOptions): TransportHooks {
  const settings = parseClientOptions(options);
  const word = transportWord(inner);
  const handover = new Handover(inner);
  const files = new ClientFiles(settings, (error) => {
    handover.report(error);
  });
  const noteUnanswered: ClientContext["noteUnanswered"] = (call, why) => {
    files.log?.appendUnanswered(call, why, settings.clock()).catch((error: unknown) => {
      handover.report(error);
    });
  };
  const requests = new OpenRequests(noteUnanswered);
  const context: ClientContext = {
    settings,
    files,
    requests,
    handover,
    noteUnanswered,
    transport: settings.transport ?? word,
    byReference: word === "other",
  };
  const inbox = new ClientInbox(context);
  const outbox = new ClientOutbox(context);
  return {
    async start(forward) {
      await files.open();
      await forward();
    },
    // Whoever has waited for it may end the process: what was to be put on record is, by then.
    close:
      settings.audit === undefined
        ? undefined
        : async (forward) => {
            await forward();
            await files.settled();
          },
    send: (message, sendOptions, forward) => outbox.send(message, sendOptions, forward),
    receive: (message, extra, deliver) => {
      inbox.receive(message, extra, deliver);
    },
    closed() {
      requests.clear();
      inbox.close();
      files.close();
    },
  };
}

/** What a client's transport is, by what it has: names of classes do not survive bundlers. */
function transportWord(inner: object): "http" | "other" | "stdio" {
  if (Reflect.get(inner, "_url") instanceof URL) return "http";
  return Reflect.has(inner, "_serverParams") ? "stdio" : "other";
}
