import { OptionError } from "../errors.js";
import { TOOL_CALL } from "./signed-intent.js";

/** The requests that carry a receipt. */
export interface MethodSet {
  covers(method: string): boolean;
  /** As configured, for messages to a person. */
  readonly patterns: readonly string[];
}

const TASKS = "tasks/*";
const TOOLS = "tools/*";

/**
 * Reads the option `methods`: exact names, or a prefix and `*`. With `tools/call`, named or covered by a prefix, come
 * `tasks/*`, which hand out what a call made as a task comes back with. Default is `["tools/call"]`.
 *
 * @throws `OptionError` `invalid_option` when it is not a list of names, names a notification, or does not cover
 * `tools/call`.
 */
export function createMethodSet(methods: unknown = [TOOL_CALL]): MethodSet {
  if (!Array.isArray(methods) || methods.length === 0) throw invalid(methods);
  const patterns = new Set<string>();
  for (const method of methods as unknown[]) {
    if (typeof method !== "string" || !/^[A-Za-z0-9_$./-]+(\/\*)?$/.test(method)) throw invalid(method);
    if (method.startsWith("notifications/")) throw invalid(method);
    patterns.add(method);
    if (method === TOOL_CALL || method === TOOLS) patterns.add(TASKS);
  }
  const names = new Set([...patterns].filter((pattern) => !pattern.endsWith("*")));
  const prefixes = [...patterns]
    .filter((pattern) => pattern.endsWith("*"))
    .map((pattern) => pattern.slice(0, -1));
  const covers = (method: string): boolean =>
    names.has(method) || prefixes.some((prefix) => method.startsWith(prefix));
  if (!covers(TOOL_CALL)) {
    // A misspelt method must not open every tool.
    throw new OptionError(
      "invalid_option",
      "options.methods",
      `options.methods must cover "tools/call", got ${JSON.stringify(methods)}; on a guard, dangerously.allowUnsigned opens single tools`,
    );
  }
  return { patterns: [...patterns], covers };
}

function invalid(got: unknown): OptionError {
  return new OptionError(
    "invalid_option",
    "options.methods",
    `options.methods must be a list of request methods such as "tools/call" or "resources/*", got ${JSON.stringify(got)}`,
  );
}
