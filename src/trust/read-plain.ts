import type { Node } from "./node.js";
import { readJson } from "./read-json.js";
import { readPlainYaml } from "./read-plain-yaml.js";
import type { SourceText } from "./source-text.js";

/**
 * Reads JSON, or YAML that is written the plain way.
 *
 * @returns `undefined` for anything else, right or wrong: `readYaml` has the last word.
 */
export function readPlain(source: SourceText): Node | undefined {
  if (source.text.trimStart().startsWith("{")) return readJson(source.text);
  source.refuseOddBreaks();
  return readPlainYaml(source.text);
}
