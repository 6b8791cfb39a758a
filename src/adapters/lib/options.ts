import type { SigningAgent } from "../../agent/signing-agent.js";
import {
  booleanOption,
  functionOption,
  invalidOption,
  missingOption,
  optionRecord,
  signedTextOption,
} from "../../lib/option.js";
import { MAX_NAME_LENGTH } from "../../receipt/limits.js";
import type { ReceiptV1 } from "../../receipt/types.js";

/** A tool call that was signed and put on record, and is about to run. */
export interface SignedToolCall {
  readonly receipt: ReceiptV1;
  /** The tool's name, as the model calls it. */
  readonly tool: string;
  /** Id that the model gave the call, where the framework tells it. */
  readonly callId: string | undefined;
}

/** How the calls of tools are signed. */
export interface SignToolsOptions {
  /** Signs, and keeps the log. It stays the caller's to close: once it is closed, no tool runs. */
  readonly agent: Pick<SigningAgent, "sign">;
  /** What the calls are for, such as `mcp://github`; or a function that tells it by the tool's name, asked once a tool. */
  readonly target: string | ((toolName: string) => string);
  /** Conversation of the agent. Default: the receipts name none. */
  readonly session?: string | undefined;
  /** The receipts tell only the hash of the arguments. Default is `false`. */
  readonly hashOnly?: boolean | undefined;
  /** The log holds the arguments encrypted, for whoever has the agent's key. Default is `false`. */
  readonly encryptParams?: boolean | undefined;
  /** Told of each signed call before the tool runs. The tool does not wait for it, and what it throws changes nothing. */
  readonly onReceipt?: ((signed: SignedToolCall) => unknown) | undefined;
}

/** The options, checked. */
export interface SignToolsSettings {
  readonly agent: Pick<SigningAgent, "sign">;
  readonly targetOf: (toolName: string) => string;
  readonly session: string | undefined;
  readonly hashOnly: boolean;
  readonly encryptParams: boolean;
  readonly onReceipt: (signed: SignedToolCall) => unknown;
}

const SIGN_TOOLS_OPTIONS: readonly string[] = [
  "agent",
  "target",
  "session",
  "hashOnly",
  "encryptParams",
  "onReceipt",
];

/**
 * Reads the options that all adapters have.
 *
 * @param more - Names of the options that only this adapter has.
 * @throws `OptionError` that names the option.
 *
 * @example
 * ```ts
 * const settings = readSignToolsOptions({ agent, target: "mcp://github" });
 * ```
 */
export function readSignToolsOptions(
  options: SignToolsOptions,
  more: readonly string[] = [],
): SignToolsSettings {
  const record = optionRecord(options, "options", [...SIGN_TOOLS_OPTIONS, ...more]);
  const { agent, target, session } = options;
  if (agent === undefined) throw missingOption("options.agent", "a SigningAgent");
  if (!isAgent(agent)) throw invalidOption("options.agent", "a SigningAgent", agent);
  return {
    agent,
    targetOf:
      typeof target === "function"
        ? (name) => readTarget(target(name), "options.target()")
        : always(readTarget(target, "options.target")),
    session:
      session === undefined
        ? undefined
        : signedTextOption(session, "options.session", "the conversation's name", MAX_NAME_LENGTH),
    hashOnly: booleanOption(record, "options", "hashOnly", false),
    encryptParams: booleanOption(record, "options", "encryptParams", false),
    onReceipt: functionOption(record, "options", "onReceipt", () => undefined),
  };
}

function isAgent(value: unknown): boolean {
  return typeof value === "object" && value !== null && "sign" in value && typeof value.sign === "function";
}

function readTarget(target: unknown, path: string): string {
  return signedTextOption(target, path, 'what the calls are for, such as "mcp://github"', MAX_NAME_LENGTH);
}

function always<Value>(value: Value): () => Value {
  return () => value;
}
