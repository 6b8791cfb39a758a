import type { AuditHealth } from "../../audit/log.js";
import { GuardError } from "../../errors.js";
import { formatPublicKey } from "../../crypto/key-text.js";
import type { PublicKeyText } from "../../crypto/key-text.js";
import { invalidOption } from "../../lib/option.js";
import type { ReceiptV3 } from "../../receipt/types.js";
import type { Verdict, VerifiedCall } from "../../verify/verdict.js";
import { Gateway } from "./gateway.js";
import type { CountersignOptions } from "./gateway.js";
import type { GuardCore } from "./core.js";
import type { GuardCounts } from "./events.js";
import { protectServer } from "./protect.js";
import type { RegistryHealth, RegistrySource } from "./registry-source.js";
import type { GuardReplayHealth } from "./replay-gate.js";
import { wrapCallHandler } from "./wrap-handler.js";
import type { CallHandler } from "./wrap-handler.js";

/** The state of a guard, for an operator or a health endpoint. Holds no private key and no receipt. */
export interface GuardHealth {
  /** Whether everything is as it should be. */
  readonly ok: boolean;
  /** What is not, in one sentence each. */
  readonly problems: readonly string[];
  readonly registry: RegistryHealth;
  /** How the store is, where there is one by now and it tells, and how claims get on. */
  readonly replay: GuardReplayHealth;
  /** Absent when nothing is put on record. */
  readonly audit?: AuditHealth;
  /** Signed calls in flight, over all connections. */
  readonly callsInFlight: number;
  readonly counts: GuardCounts;
  /** Capabilities that the servers offer without asking for a receipt. */
  readonly uncoveredCapabilities: readonly string[];
}

/** What a guard tells the world of itself. A hint, unsigned: no client may take trust from it. */
export interface GuardDescription {
  readonly v: 1;
  readonly targets: readonly string[];
  readonly server: { readonly pubkey: PublicKeyText; readonly name: string };
  readonly receipt_versions: readonly number[];
  readonly max_age_ms: number;
  readonly clock_skew_ms: number;
  readonly limits: {
    readonly receipt_bytes: number;
    readonly argument_bytes: number;
    readonly depth: number;
  };
}

/** What belongs to a guard apart from its checks. */
export interface GuardBelongings {
  readonly registry: RegistrySource;
  readonly problems: () => readonly string[];
  readonly auditHealth: () => AuditHealth | undefined;
  /** Frees what the guard opened itself. */
  readonly release: () => Promise<void>;
}

/** How long `close` waits for calls in flight. */
const DRAIN_MS = 5000;

/** Verifies the calls of MCP servers and countersigns their results. Made by `createGuard`; serves any number of servers. */
export class Guard implements AsyncDisposable {
  readonly #core: GuardCore;
  readonly #gateway: Gateway;
  readonly #belongings: GuardBelongings;
  #closed: Promise<void> | undefined;

  /** @internal Use `createGuard`. */
  constructor(core: GuardCore, belongings: GuardBelongings) {
    this.#core = core;
    this.#gateway = new Gateway(core);
    this.#belongings = belongings;
  }

  /**
   * Guards a server: from its `connect` on, calls are verified before the SDK sees them, and their answers
   * countersigned after the SDK has written them. Protecting a server twice with one guard changes nothing.
   *
   * @param server - An `McpServer` or `Server` of either generation of the SDK, not connected yet.
   * @returns The same server.
   * @throws `GuardError` `not_a_server`, `already_connected`, `already_protected` (by another guard) or `guard_closed`.
   */
  protect<S extends object>(server: S): S {
    if (this.#core.closing)
      throw new GuardError("guard_closed", "the guard is closed; make another with createGuard");
    protectServer(this.#core, server);
    return server;
  }

  /**
   * Wraps one request handler, for servers that cannot give up their `connect`. It sees what the SDK made of the
   * request, and nothing that the SDK does later: a top-level `__proto__` argument is gone before the check, ids in
   * flight are not watched, and what SDK v2 adds to a result afterwards is not covered by the countersignature, so
   * that a client finds it altered. Prefer `protect`.
   *
   * @param handler - The handler of `tools/call`, or of another method that carries a receipt: list one that MCP does not
   * know in the option `methods`, or else a receipt for a tool of the same name fits it as well.
   * @returns A handler that refuses by a JSON-RPC error. Under a protected server it throws `GuardError`
   * `wrap_under_protect`.
   */
  wrap<Request, Extra, Result>(
    handler: CallHandler<Request, Extra, Result>,
  ): CallHandler<Request, Extra, Result> {
    if (typeof handler !== "function") throw invalidOption("handler", "a request handler", handler);
    return wrapCallHandler(this.#core, handler);
  }

  /**
   * Verifies a call for a gateway that holds the wire itself. A call that passes has used up its nonce.
   *
   * Never throws on anything that a peer can send.
   *
   * @param params - The request's `params` as they came over the wire, `_meta` included.
   * @param options - `method` is the request's method, by default `tools/call`. List one that MCP does not know in the
   * option `methods`: else a receipt for a tool of the same name fits it as well.
   * @returns `{ ok: true, call }`, or `{ ok: false, code, detail }` with the code for the peer and a sentence for the log.
   */
  verify(params: unknown, options: { readonly method?: string } = {}): Promise<Verdict> {
    return this.#gateway.verify(params, options);
  }

  /**
   * Countersigns the answer to a call that `verify` of this guard accepted: once. The countersignature embeds the
   * receipt as it was verified, whatever became of the objects since.
   *
   * @param call - The very object that `verify` returned.
   * @param result - The JSON-RPC `result` as it goes on the wire; the `error` object if `options.error` says so.
   * @returns The receipt for `result._meta._signet_bilateral`, or `error.data._signet_bilateral`.
   * @throws `GuardError` `not_verified_here` or `already_countersigned`; `CanonicalJsonError` for a result that JSON
   * cannot hold and `SignerError` when the signer fails, after both of which the call can still be countersigned.
   */
  countersign(call: VerifiedCall, result: unknown, options: CountersignOptions = {}): Promise<ReceiptV3> {
    return this.#gateway.countersign(call, result, options);
  }

  /**
   * Reads the registry file now, without waiting for the watch to notice.
   *
   * @throws `TrustRegistryError` when the new version is bad; the old one stays in force.
   */
  reload(): Promise<void> {
    return this.#belongings.registry.reload();
  }

  /**
   * How the guard is. Answers at once. While the replay store is not well it is also asked again, by a nonce of nobody's and no more
   * than every 250 ms, and the next `health()` knows what came of it.
   */
  health(): GuardHealth {
    const problems = [...this.#belongings.problems()];
    if (this.#core.closing) problems.push("the guard is closed");
    const replay = this.#core.replay.health();
    problems.push(...this.#core.replay.problems(replay, this.#belongings.registry.hasLimits()));
    const audit = this.#belongings.auditHealth();
    if (audit?.ok === false)
      problems.push(`the audit log is ${audit.state}: ${audit.problem ?? "open it again"}`);
    return {
      ok: problems.length === 0,
      problems,
      registry: this.#belongings.registry.health(),
      replay,
      ...(audit === undefined ? {} : { audit }),
      callsInFlight: this.#core.callsInFlight,
      counts: this.#core.events.counts(),
      uncoveredCapabilities: this.#core.uncovered,
    };
  }

  /** What clients may know of the guard: the content of `/.well-known/signet.json`. */
  describe(): GuardDescription {
    const { options, identity } = this.#core;
    const { receiptBytes, argumentBytes, depth } = options.limits;
    return {
      v: 1,
      targets: [...options.targets],
      server: { pubkey: formatPublicKey(identity.signer.publicKey), name: identity.name },
      receipt_versions: [1],
      max_age_ms: options.maxAgeMs,
      clock_skew_ms: options.clockSkewMs,
      limits: { receipt_bytes: receiptBytes, argument_bytes: argumentBytes, depth },
    };
  }

  /**
   * Refuses every call from now on, waits for those in flight (at most 5 s), then lets go of the registry file, and of
   * the store and the log that the guard opened itself. The servers stay connected. Closing twice is closing once.
   */
  close(): Promise<void> {
    this.#closed ??= this.#core.stop(DRAIN_MS).then(this.#belongings.release);
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
