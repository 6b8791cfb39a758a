import { booleanOption, optionRecord } from "../lib/option.js";
import type { OptionRecord } from "../lib/option.js";
import type { TrustRegistryOptions } from "./types.js";

/**
 * Reads the options of a registry, with their defaults.
 *
 * @param more - Names of further options, which the caller reads from `record`.
 * @throws `OptionError` for an unknown option, or one of the wrong type.
 */
export function readOptions(
  value: unknown,
  more: readonly string[],
): { readonly record: OptionRecord; readonly options: Required<TrustRegistryOptions> } {
  const record = optionRecord(value, "options", ["requireTools", "requireAgents", "requireServers", ...more]);
  return {
    record,
    options: {
      requireTools: booleanOption(record, "options", "requireTools", false),
      requireAgents: booleanOption(record, "options", "requireAgents", true),
      requireServers: booleanOption(record, "options", "requireServers", false),
    },
  };
}
