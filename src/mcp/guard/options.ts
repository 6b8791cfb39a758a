import { MAX_RECEIPT_BYTES } from "../../audit/write/appendable.js";
import type { AuditLog } from "../../audit/log.js";
import { OptionError } from "../../errors.js";
import {
  booleanOption,
  clockOption,
  describe,
  functionOption,
  integerOption,
  invalidOption,
  missingOption,
  optionRecord,
  pathOption,
  refuseUnsupported,
  signedTextOption,
  textOption,
} from "../../lib/option.js";
import type { OptionRecord } from "../../lib/option.js";
import { MAX_NAME_LENGTH } from "../../receipt/limits.js";
import type { ReplayStore } from "../../replay/types.js";
import { TrustRegistry } from "../../trust/registry.js";
import type { VerifyLimits } from "../../verify/limits.js";
import type { Redact, RedactedCall } from "./audit/redaction.js";
import { warnOfFaults } from "./events.js";
import type { GuardEvent } from "./events.js";
import { parseIdentityOption } from "../identity.js";
import type { IdentityOption } from "../identity.js";
import type { ReplayOption } from "./replay-choice.js";
import { createMethodSet } from "../method-set.js";
import type { MethodSet } from "../method-set.js";

/** What `createGuard` takes. Only the first three are required; every default is the safe choice. */
export interface GuardOptions {
  /** Path of the trust registry, a YAML or JSON file that is watched, or a registry read already. */
  readonly registry: string | TrustRegistry;
  /** The server's own key: a key file's path or name, or a signer and the name it goes by. */
  readonly identity: IdentityOption;
  /** This server's name, or names, compared exactly with the receipt's `action.target`. */
  readonly target: string | readonly string[];
  /**
   * Where used nonces are kept, one store for the whole guard: `"memory"` for one long-lived process, `"file"` for all
   * processes of this user on this host, in `SIGNET_HOME/replay`; or a store, such as one in Redis or PostgreSQL for many hosts. Default is
   * `"memory"`; `"file"` where the first connection is over stdio, or over a transport that is not known. Guards that share a
   * target share a store, and `maxAgeMs` and `clockSkewMs` with it: a nonce is kept for as long as the guard that took it needs it.
   */
  readonly replay?: "memory" | "file" | ReplayStore;
  /**
   * Where calls are put on record, durably: an {@link AuditLog}, which stays its owner's to close, or the directory of one, such as
   * `SIGNET_HOME/audit`. The receipt is there before the tool runs, the countersigned one before the answer leaves; a call that cannot be
   * put on record does not run. Default is none.
   */
  readonly audit?: AuditLog | string;
  /**
   * What of a call's params is put on record in their place: what it returns, or nothing at all for `undefined`. It gets a copy of
   * the params, after they were verified and hashed. When it returns what it was given, the receipt is stored as it is. Else the agent's
   * signature can be checked no more; the record says the hash of the whole receipt, and the server's signature over all
   * that is stored can be checked. A call for which it throws is refused. Default is none: params are stored as they were signed.
   */
  readonly redact?: (params: unknown, call: RedactedCall) => unknown;
  /** How old a receipt may be, in milliseconds, 1 to 86,400,000. Default is 300,000. */
  readonly maxAgeMs?: number;
  /** How far ahead of the guard's clock a receipt may be dated, in milliseconds, 0 to 3,600,000. Default is 30,000. */
  readonly clockSkewMs?: number;
  readonly limits?: GuardLimits;
  /** The time, in milliseconds since the Unix epoch. Default is the system's clock. */
  readonly clock?: () => number;
  /**
   * Told of every call that is accepted, refused or finished, and of what an operator should know. Default: what is wrong
   * with the registry becomes a warning of the process, which Node writes to stderr.
   */
  readonly onEvent?: (event: GuardEvent) => void;
  /** Requests that need a receipt: methods, or a prefix and `*`. Default is `["tools/call"]`; with it come `tasks/*`. */
  readonly methods?: readonly string[];
  /** Whether an agent's entry without `tools` may call nothing, rather than everything. Default is `false`. */
  readonly requireTools?: boolean;
  /** How long a missing or bad registry file is bridged by its last good version, in milliseconds. Default is no limit. */
  readonly maxStaleMs?: number;
  /** What weakens a check. Each member says what is lost. */
  readonly dangerously?: {
    /**
     * Lets unsigned calls through, unverified and not countersigned: all of them, or those of the named tools. For
     * these nobody can prove who called. A receipt that is there and bad is refused all the same.
     */
    readonly allowUnsigned?: boolean | readonly string[];
  };
}

/** Bounds on what a call may ask of the server. */
export interface GuardLimits {
  /** Bytes of a receipt as canonical JSON, 1,024 to 67,108,864. Default is 1,114,112. */
  readonly receiptBytes?: number;
  /** Bytes of the arguments as canonical JSON, 2 to 67,108,864. Default is 1,048,576. */
  readonly argumentBytes?: number;
  /** Levels of arrays and objects in the arguments, 1 to 100. Default is 100. */
  readonly depth?: number;
  /**
   * Signed calls in flight at once, over all connections, 1 to 1,000,000. Default is 10,000. A call that the client cancelled
   * is in flight no more, whether or not its tool heeds that: such tools need a limit of their own.
   */
  readonly callsInFlight?: number;
  /** Requests of any kind in flight at once on one connection, 1 to 1,000,000. Default is 10,000. */
  readonly requestsInFlight?: number;
}

/** The options, checked, with their defaults. */
export interface CheckedOptions {
  readonly registry: string | TrustRegistry;
  readonly identity: IdentityOption;
  readonly targets: readonly string[];
  readonly replay: ReplayOption;
  readonly audit: AuditLog | string | undefined;
  readonly redact: Redact | undefined;
  readonly maxAgeMs: number;
  readonly clockSkewMs: number;
  readonly limits: VerifyLimits & { readonly callsInFlight: number; readonly requestsInFlight: number };
  readonly clock: () => number;
  readonly onEvent: (event: GuardEvent) => void;
  readonly methods: MethodSet;
  readonly requireTools: boolean;
  readonly maxStaleMs: number | undefined;
  /** `true` for every request, or the names of tools. */
  readonly allowUnsigned: true | ReadonlySet<string>;
}

const DAY_MS = 86_400_000;
const MAX_BYTES = 67_108_864;
/** Bytes of a countersigned receipt beyond those of the agent's receipt, at the most. */
const COUNTERSIGNED_BYTES = 65_536;
const KNOWN = [
  "registry",
  "identity",
  "target",
  "replay",
  "audit",
  "redact",
  "policy",
  "maxAgeMs",
  "clockSkewMs",
  "limits",
  "clock",
  "onEvent",
  "methods",
  "requireTools",
  "maxStaleMs",
  "dangerously",
];

/**
 * Checks the options of `createGuard`.
 *
 * @throws `OptionError` that names the option, what it got and what it wants; `unsupported_option` for one whose
 * feature is not there yet.
 */
export function checkGuardOptions(value: unknown): CheckedOptions {
  const options = optionRecord(value, "options", KNOWN);
  refuseUnsupported(options, "options", ["policy"]);
  const dangerously = optionRecord(given(options, "dangerously"), "options.dangerously", ["allowUnsigned"]);
  return {
    registry: readRegistry(options["registry"]),
    identity: parseIdentityOption(options["identity"]),
    targets: readTargets(options["target"]),
    replay: readReplay(options["replay"]),
    audit: readAudit(options["audit"]),
    redact: readRedact(options),
    maxAgeMs: integerOption(options, "options", "maxAgeMs", { min: 1, max: DAY_MS, fallback: 300_000 }),
    clockSkewMs: integerOption(options, "options", "clockSkewMs", {
      min: 0,
      max: 3_600_000,
      fallback: 30_000,
    }),
    limits: fitting(readLimits(given(options, "limits")), options["audit"]),
    clock: clockOption(options, "options"),
    onEvent: functionOption(options, "options", "onEvent", warnOfFaults),
    methods: createMethodSet(options["methods"]),
    requireTools: booleanOption(options, "options", "requireTools", false),
    maxStaleMs: readMaxStale(options),
    allowUnsigned: readAllowUnsigned(dangerously["allowUnsigned"]),
  };
}

/** An option that is an object of options, of which all may be left out. */
function given(options: OptionRecord, name: string): unknown {
  return options[name] === undefined ? {} : options[name];
}

function readRegistry(value: unknown): string | TrustRegistry {
  if (value instanceof TrustRegistry) return value;
  return pathOption(value, "options.registry", "the path of a registry file, or a TrustRegistry");
}

function readTargets(value: unknown): readonly string[] {
  const wanted = 'this server\'s name, such as "mcp://github", or a list of names';
  if (value === undefined) throw missingOption("options.target", wanted);
  const targets: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (targets.length === 0) throw invalidOption("options.target", wanted, value);
  return targets.map((target) => signedTextOption(target, "options.target", wanted, MAX_NAME_LENGTH));
}

function readReplay(value: unknown): ReplayOption {
  if (value === undefined || value === "memory" || value === "file" || isReplayStore(value)) return value;
  throw invalidOption(
    "options.replay",
    '"memory", "file" or a store with a claim method, such as `await createRedisReplayStore({ client })` or `await createPostgresReplayStore({ pool })`',
    value,
  );
}

function readAudit(value: unknown): AuditLog | string | undefined {
  if (value === undefined) return undefined;
  if (!isAuditLog(value)) {
    return pathOption(value, "options.audit", "an AuditLog, or the path of a log's directory");
  }
  const { state } = value.health();
  if (state === "open" || state === "stopped") return value;
  throw new OptionError(
    "invalid_option",
    "options.audit",
    `options.audit must be a log that can be appended to; this one is ${state === "closed" ? "closed" : "opened for reading only"}`,
  );
}

/** By what it has: a server without a log does not load one. */
function isAuditLog(value: unknown): value is AuditLog {
  return (
    typeof value === "object" &&
    value !== null &&
    "appendText" in value &&
    typeof value.appendText === "function" &&
    "takeAbandoned" in value &&
    "health" in value
  );
}

function readRedact(options: OptionRecord): Redact | undefined {
  if (options["redact"] === undefined) return undefined;
  if (options["audit"] === undefined) {
    throw new OptionError(
      "invalid_option",
      "options.redact",
      "options.redact is about what options.audit stores; give that too",
    );
  }
  return functionOption<Redact>(options, "options", "redact", () => undefined);
}

function isReplayStore(value: unknown): value is ReplayStore {
  return typeof value === "object" && value !== null && "claim" in value && typeof value.claim === "function";
}

function readLimits(value: unknown): CheckedOptions["limits"] {
  const path = "options.limits";
  const known = ["receiptBytes", "argumentBytes", "depth", "callsInFlight", "requestsInFlight"];
  const limits = optionRecord(value, path, known);
  const flight = { min: 1, max: 1_000_000, fallback: 10_000 };
  return {
    receiptBytes: integerOption(limits, path, "receiptBytes", {
      min: 1024,
      max: MAX_BYTES,
      fallback: 1_114_112,
    }),
    argumentBytes: integerOption(limits, path, "argumentBytes", {
      min: 2,
      max: MAX_BYTES,
      fallback: 1_048_576,
    }),
    depth: integerOption(limits, path, "depth", { min: 1, max: 100, fallback: 100 }),
    callsInFlight: integerOption(limits, path, "callsInFlight", flight),
    requestsInFlight: integerOption(limits, path, "requestsInFlight", flight),
  };
}

/** A countersigned receipt has to fit in a line of the log. */
function fitting(limits: CheckedOptions["limits"], audit: unknown): CheckedOptions["limits"] {
  const most = MAX_RECEIPT_BYTES - COUNTERSIGNED_BYTES;
  if (audit === undefined || limits.receiptBytes <= most) return limits;
  throw new OptionError(
    "invalid_option",
    "options.limits.receiptBytes",
    `options.limits.receiptBytes must be at most ${most} with options.audit: a record of the log holds no more`,
  );
}

function readMaxStale(options: OptionRecord): number | undefined {
  if (options["maxStaleMs"] === undefined) return undefined;
  if (typeof options["registry"] !== "string") {
    throw new OptionError(
      "invalid_option",
      "options.maxStaleMs",
      "options.maxStaleMs is about a watched file; leave it out, or pass the registry as a path",
    );
  }
  return integerOption(options, "options", "maxStaleMs", { min: 1, max: 365 * DAY_MS, fallback: DAY_MS });
}

function readAllowUnsigned(value: unknown): true | ReadonlySet<string> {
  if (value === true) return true;
  if (value === undefined || value === false) return new Set();
  const path = "options.dangerously.allowUnsigned";
  const wanted = "true, or a list of tool names";
  if (!Array.isArray(value)) throw invalidOption(path, wanted, value);
  return new Set(
    value.map((name: unknown) => {
      const tool = textOption(name, path, wanted);
      if (!tool.includes("*")) return tool;
      throw new OptionError("invalid_option", path, `${path} takes exact names, got ${describe(tool)}`);
    }),
  );
}
