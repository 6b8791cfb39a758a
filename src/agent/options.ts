import { join, resolve } from "node:path";
import { signetHome } from "../lib/signet-home.js";
import {
  booleanOption,
  clockOption,
  invalidOption,
  missingOption,
  optionRecord,
  pathOption,
} from "../lib/option.js";
import type { OptionRecord } from "../lib/option.js";
import type { AuditLog } from "../audit/log.js";
import type { NewKeyOptions, UnlockOptions } from "../keystore/options.js";

/** What an agent is opened with. */
export interface AgentOptions extends UnlockOptions {
  /** Where keys and log are, unless said otherwise. Default is `SIGNET_HOME`, or else `~/.signet`. */
  readonly home?: string | undefined;
  /**
   * Where receipts are put on record: a directory, an `AuditLog`, which stays its owner's to close, or `false` for nowhere. Default is
   * `audit` in `home`.
   */
  readonly audit?: AuditLog | string | false | undefined;
  /** The time, in milliseconds since the Unix epoch. Default is the system's clock. */
  readonly clock?: (() => number) | undefined;
}

/** What an agent with a new key is made with. */
export interface CreateAgentOptions extends AgentOptions, Omit<NewKeyOptions, "passphrase"> {}

/** One call that is signed. */
export interface SignOptions {
  /** The server that the call is for, such as `mcp://github`. A guard refuses a receipt for another. */
  readonly target: string;
  /** The receipt tells only the hash of the params. Default is `false`. */
  readonly hashOnly?: boolean | undefined;
  /** The log holds the params encrypted, for whoever has the agent's key. What is returned does not change. Default is `false`. */
  readonly encryptParams?: boolean | undefined;
  /** Milliseconds after signing at which the receipt expires. Default: it says nothing, and the guard's window decides. */
  readonly exp?: number | undefined;
  /** How the call travels, a free word. Default is `stdio`. */
  readonly transport?: string | undefined;
  /** Conversation of the agent. */
  readonly session?: string | undefined;
  /** Id that the framework or the model gave the call. */
  readonly callId?: string | undefined;
  readonly traceId?: string | undefined;
  /** Id of the receipt of the call that this one follows from. */
  readonly parentReceiptId?: string | undefined;
  /** Who signs, where that is not what the key's public file says. */
  readonly principal?: string | undefined;
  /** Principal that the agent acts for, such as `user://acme/alice`: its claim. */
  readonly actingFor?: string | undefined;
  /** `false` keeps this receipt out of the log. Default is `true`. */
  readonly audit?: boolean | undefined;
}

/** The options of an agent, checked. */
export interface AgentSettings {
  readonly keysDir: string;
  readonly audit: AuditLog | string | undefined;
  readonly clock: () => number;
}

export const AGENT_OPTIONS: readonly string[] = ["home", "audit", "clock", "passphrase"];

/** Reads what is not about the key. @throws `OptionError` */
export function readAgentOptions(options: OptionRecord): AgentSettings {
  const home = options["home"];
  const wanted = "the path of a directory";
  const base = resolve(home === undefined ? signetHome() : pathOption(home, "options.home", wanted));
  return {
    keysDir: join(base, "keys"),
    audit: readAudit(options["audit"], base),
    clock: clockOption(options, "options"),
  };
}

const SIGN_OPTIONS: readonly (keyof SignOptions)[] = [
  "target",
  "hashOnly",
  "encryptParams",
  "exp",
  "transport",
  "session",
  "callId",
  "traceId",
  "parentReceiptId",
  "principal",
  "actingFor",
  "audit",
];

/** Reads what cannot be left to whoever makes the receipt. @throws `OptionError` */
export function readSignOptions(
  options: SignOptions | undefined,
): SignOptions & { readonly hashOnly: boolean; readonly encryptParams: boolean; readonly audit: boolean } {
  const wanted = 'the server that the call is for, such as { target: "mcp://github" }';
  if (options === undefined) throw missingOption("options.target", wanted);
  const record = optionRecord(options, "options", SIGN_OPTIONS);
  const { exp } = options;
  if (exp !== undefined && !(Number.isSafeInteger(exp) && exp >= 1)) {
    throw invalidOption("options.exp", "milliseconds after signing, 1 or more", exp);
  }
  return {
    ...options,
    hashOnly: booleanOption(record, "options", "hashOnly", false),
    encryptParams: booleanOption(record, "options", "encryptParams", false),
    audit: booleanOption(record, "options", "audit", true),
  };
}

function readAudit(audit: unknown, home: string): AuditLog | string | undefined {
  if (audit === undefined) return join(home, "audit");
  if (audit === false) return undefined;
  const wanted = 'an AuditLog, the path of a directory such as "./audit", or false';
  if (typeof audit === "string") return resolve(pathOption(audit, "options.audit", wanted));
  if (isLog(audit)) return audit;
  throw invalidOption("options.audit", wanted, audit);
}

function isLog(value: unknown): value is AuditLog {
  return (
    typeof value === "object" &&
    value !== null &&
    ["append", "query", "close"].every((name) => typeof Reflect.get(value, name) === "function")
  );
}
