import { cutIntoBatches } from "./batches.js";
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
 * for `limits` and `authorities`, which this version cannot enforce.
 */
export function parseTrustRegistry(text: string, options: ParseTrustRegistryOptions = {}): TrustRegistry {
  const source = new SourceText(text, options.file);
  const node = readPlain(source) ?? readYaml(source);
  const contents = readRegistry(source, node, options);
  const index = new RegistryIndex();
  for (const batch of cutIntoBatches(contents)) {
    for (const [at, pubkey] of batch.pubkeys.entries()) {
      index.add(batch.section, pubkey, new PackedEntry(batch, at));
    }
  }
  return new TrustRegistry(contents.header, index, options);
}
