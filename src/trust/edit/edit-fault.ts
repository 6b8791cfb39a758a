import { TrustRegistryError } from "../../errors.js";
import type { SourceText } from "../source-text.js";

/**
 * Makes the error for an edit that is refused.
 *
 * @param line - Line of the file that the problem is about, from 1.
 */
export function editFault(
  source: Pick<SourceText, "file">,
  problem: string,
  { line, cause }: { readonly line?: number; readonly cause?: unknown } = {},
): TrustRegistryError {
  const { file } = source;
  const place = `${file ?? "trust registry"}${line === undefined ? "" : `:${line}`}`;
  return new TrustRegistryError("registry_edit_invalid", `${place}: ${problem}`, { file, line, cause });
}
