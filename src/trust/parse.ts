import { invalidOption, textOption } from "../lib/option.js";
import { cutIntoBatches } from "./batches.js";
import { readOptions } from "./options.js";
import { PackedEntry } from "./packed-entry.js";
import { readPlain } from "./read-plain.js";
import { readRegistry } from "./read-registry.js";
import { readYaml } from "./read-yaml.js";
import { RegistryIndex } from "./registry-index.js";
import { TrustRegistry } from "./registry.js";
import { SourceText } from "./source-text.js";
import type { TrustRegistryOptions } from "./types.js";

export interface ParseTrustRegistryOptions extends TrustRegistryOptions {
  /** Name of the file that the text came from, for messages. Default none. */
  readonly file?: string;
}

/**
 * Reads a trust registry from YAML or JSON (wire format, section 13).
 *
 * Strict: unknown and repeated fields, YAML anchors, aliases and tags, keys that nobody should trust, and statuses
 * and times that contradict each other are errors. Keys are checked for their encoding here, and for being on the curve
 * when they are first looked up.
 *
 * @param text - The whole file.
 * @throws `TrustRegistryError` with file, line and column, the operator's fault: `registry_syntax` when it is not YAML,
 * `registry_invalid` when it does not hold, `registry_empty` without agents (see `requireAgents`), `registry_unsupported`
 * for `authorities`, which this version cannot enforce.
 * @throws `OptionError` for an option of the wrong type: the caller's fault.
 */
export function parseTrustRegistry(text: string, options: ParseTrustRegistryOptions = {}): TrustRegistry {
  if (typeof text !== "string") throw invalidOption("text", "the text of a registry file", text);
  const { record, options: registryOptions } = readOptions(options, ["file"]);
  const file =
    record["file"] === undefined ? undefined : textOption(record["file"], "options.file", "a file's name");
  const source = new SourceText(text, file);
  const node = readPlain(source) ?? readYaml(source);
  const contents = readRegistry(source, node, registryOptions);
  const index = new RegistryIndex();
  for (const batch of cutIntoBatches(contents)) {
    for (const [at, pubkey] of batch.pubkeys.entries()) {
      index.add(batch.section, pubkey, new PackedEntry(batch, at));
    }
  }
  return new TrustRegistry(contents.header, index, registryOptions);
}
