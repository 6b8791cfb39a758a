import { createSigner } from "../../../src/crypto/signer.js";
import type { Signer } from "../../../src/crypto/signer.js";
import { formatPublicKey } from "../../../src/crypto/key-text.js";
import type { JsonRecord } from "../../../src/lib/json.js";
import { isPlainObject, ownValue } from "../../../src/lib/json.js";
import type { AnsweredRequest } from "../../../src/mcp/client/events.js";
import type { SigningTransportOptions } from "../../../src/mcp/client/options.js";
import { proxyTransport } from "../../../src/mcp/transport-proxy.js";
import { SigningTransport } from "../../../src/mcp/client/signing-transport.js";
import { agentReceiptText, paramsText } from "../../../src/receipt/agent-text.js";
import { contentHash, errorHash } from "../../../src/receipt/content-hash.js";
import { countersignReceipt } from "../../../src/receipt/countersign.js";
import { parseAgentReceipt } from "../../../src/receipt/parse.js";
import type { AgentReceipt, Outcome, ReceiptV3 } from "../../../src/receipt/types.js";

export const NOW_MS: number = Date.parse("2026-11-23T12:00:00.000Z");
export const TARGET = "mcp://github";

/** A signer with a key of its own, the same in every run. */
export function testSigner(seed: number): Signer {
  return createSigner(new Uint8Array(32).fill(seed));
}

export const agent: Signer = testSigner(1);
export const server: Signer = testSigner(2);
export const stranger: Signer = testSigner(3);
export const serverKey: string = formatPublicKey(server.publicKey);

/** A transport without any machinery: what was sent is kept, and what comes is what the test says. */
export class RawTransport {
  onmessage: ((message: unknown, extra?: unknown) => void) | undefined;
  onclose: (() => void) | undefined;
  onerror: ((error: Error) => void) | undefined;
  readonly sent: JsonRecord[] = [];
  readonly sendOptions: unknown[] = [];
  started = 0;
  /** Marks the transport as one whose messages went through JSON. */
  readonly _url: URL = new URL("http://127.0.0.1/mcp");

  start(): Promise<void> {
    this.started++;
    return Promise.resolve();
  }

  send(message: JsonRecord, options?: unknown): Promise<void> {
    this.sent.push(message);
    this.sendOptions.push(options);
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.onclose?.();
    return Promise.resolve();
  }
}

export interface Connected {
  readonly inner: RawTransport;
  readonly transport: RawTransport;
  /** What reached the client. */
  readonly received: JsonRecord[];
  readonly errors: Error[];
  readonly events: AnsweredRequest[];
  /** Sends a request and returns what went out for it. */
  call(id: number | string, tool?: string, params?: JsonRecord): Promise<JsonRecord>;
  /** Lets a message come in, as bytes would. A text is taken for the bytes. */
  answer(message: unknown): void;
}

/** A signing transport over a raw one, with a client that keeps what it gets. */
export function connect(
  options: Partial<SigningTransportOptions> = {},
  inner: RawTransport = new RawTransport(),
): Connected {
  const received: JsonRecord[] = [];
  const errors: Error[] = [];
  const events: AnsweredRequest[] = [];
  const transport = new SigningTransport(inner, {
    identity: { signer: agent, name: "bot", owner: "acme" },
    target: TARGET,
    servers: serverKey,
    clock: () => NOW_MS,
    onReceipt: (event) => void events.push(event),
    ...options,
  });
  transport.onmessage = (message) => {
    if (isPlainObject(message)) received.push(message);
  };
  transport.onerror = (error) => void errors.push(error);
  return {
    inner,
    transport,
    received,
    errors,
    events,
    async call(id, tool = "echo", params = { text: "hi" }) {
      await transport.send({
        jsonrpc: "2.0",
        id,
        method: "tools/call",
        params: { name: tool, arguments: params },
      });
      return lastOf(inner.sent);
    },
    answer(message) {
      inner.onmessage?.(JSON.parse(typeof message === "string" ? message : JSON.stringify(message)));
    },
  };
}

export function lastOf<T>(list: readonly T[]): T {
  const last = list.at(-1);
  if (last === undefined) throw new Error("the list is empty");
  return last;
}

/** Reads a path of own members: `at(message, "params", "_meta")`. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  let found = value;
  for (const name of path) found = isPlainObject(found) ? ownValue(found, name) : undefined;
  return found;
}

export function receiptOf(request: unknown): AgentReceipt {
  const parsed = parseAgentReceipt(at(request, "params", "_meta", "_signet"));
  if (!parsed.ok) throw new Error(`the request has no sound receipt: ${parsed.detail}`);
  return parsed.value;
}

export interface CountersignOptions {
  readonly signer?: Signer;
  readonly name?: string;
  readonly outcome?: Outcome | undefined;
  readonly respondedAtMs?: number;
  /** The request whose receipt is embedded, if not the one that is answered. */
  readonly receiptOf?: JsonRecord;
}

/** Countersigns content for a request, as a guard would. */
export function countersign(
  request: JsonRecord,
  hash: ReturnType<typeof contentHash>,
  options: CountersignOptions = {},
): ReceiptV3 {
  const agentReceipt = receiptOf(options.receiptOf ?? request);
  const outcome = "outcome" in options ? options.outcome : { status: "executed" as const };
  const receipt = countersignReceipt({
    signer: options.signer ?? server,
    name: options.name ?? "github-mcp",
    agentReceipt,
    agentReceiptText: agentReceiptText(agentReceipt, paramsText(agentReceipt)).whole,
    contentHash: hash,
    outcome,
    respondedAtMs: options.respondedAtMs ?? NOW_MS + 5,
  });
  if (receipt instanceof Promise) throw new Error("a local signer is synchronous");
  return receipt;
}

/** A countersigned answer with a result. */
export function resultFor(
  request: JsonRecord,
  result: JsonRecord = RESULT,
  options: CountersignOptions = {},
): JsonRecord {
  const countersignature = countersign(request, contentHash(result), options);
  const meta = isPlainObject(result["_meta"]) ? result["_meta"] : {};
  return {
    jsonrpc: "2.0",
    id: request["id"],
    result: { ...result, _meta: { ...meta, _signet_bilateral: countersignature } },
  };
}

/** A countersigned answer with an error. */
export function errorFor(
  request: JsonRecord,
  error: JsonRecord,
  options: CountersignOptions = {},
): JsonRecord {
  const outcome: Outcome = { status: "failed", error: "jsonrpc_error" };
  const countersignature = countersign(request, errorHash(error), { outcome, ...options });
  const data = isPlainObject(error["data"]) ? error["data"] : {};
  return {
    jsonrpc: "2.0",
    id: request["id"],
    error: { ...error, data: { ...data, _signet_bilateral: countersignature } },
  };
}

export const RESULT: JsonRecord = { content: [{ type: "text", text: "done" }] };

/** Puts in front of a server of an SDK what a guard does to its answers, without the guard's checks. */
export function countersigning<T extends object>(transport: T): T {
  const requests = new Map<unknown, JsonRecord>();
  return proxyTransport(transport, {
    receive(message, extra, deliver) {
      if (isPlainObject(message) && at(message, "params", "_meta", "_signet") !== undefined) {
        requests.set(message["id"], message);
      }
      deliver(message, extra);
    },
    send(message, options, forward) {
      const request = isPlainObject(message) ? requests.get(message["id"]) : undefined;
      if (!isPlainObject(message) || request === undefined || "method" in message)
        return forward(message, options);
      const { result, error } = message;
      const outcome: Outcome = at(result, "isError") === true ? { status: "failed" } : { status: "executed" };
      if (isPlainObject(result))
        return forward(resultFor(request, result, { outcome, respondedAtMs: Date.now() }), options);
      if (isPlainObject(error))
        return forward(errorFor(request, error, { respondedAtMs: Date.now() }), options);
      return forward(message, options);
    },
    closed: () => undefined,
  });
}

export interface RegistryChanges {
  readonly servers?: readonly JsonRecord[];
  /** Members of the server's entry. */
  readonly server?: JsonRecord;
  readonly generatedAt?: string;
}

/** A registry that lists the server, and no agents. */
export function registryText({ servers, server: members, generatedAt }: RegistryChanges = {}): string {
  const entry = {
    id: "github-1",
    name: "github-mcp",
    owner: "platform",
    pubkey: serverKey,
    status: "active",
    created_at: "2026-01-01T00:00:00Z",
    ...members,
  };
  return JSON.stringify({
    version: 1,
    bundle_id: "tb_test",
    org: "acme",
    env: "test",
    generated_at: generatedAt ?? "2026-11-01T00:00:00Z",
    roots: [],
    agents: [],
    servers: servers ?? [entry],
  });
}
