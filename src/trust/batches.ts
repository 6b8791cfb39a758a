import { TRUST_SECTIONS } from "./read-registry.js";
import type { PlacedEntry, RegistryContents } from "./read-registry.js";
import type { TrustSection } from "./types.js";

/** Some entries of one section, in the order of the file. */
export interface EntryBatch {
  readonly section: TrustSection;
  readonly entries: readonly PlacedEntry[];
}

/** Entries taken in at a stretch. Between two batches, calls get their turn. */
const BATCH_SIZE = 250;

/** Cuts what a file says into pieces that are each quick to take in. */
export function* cutIntoBatches(contents: RegistryContents): Generator<EntryBatch, void, undefined> {
  for (const section of TRUST_SECTIONS) {
    const entries = contents.sections[section];
    for (let start = 0; start < entries.length; start += BATCH_SIZE) {
      yield { section, entries: entries.slice(start, start + BATCH_SIZE) };
    }
  }
}
