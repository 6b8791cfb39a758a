import { TRUST_SECTIONS } from "./read-registry.js";
import type { PlacedEntry, RegistryContents } from "./read-registry.js";
import type { TrustEntry, TrustSection } from "./types.js";

/**
 * Some entries of one section, in the order of the file, packed: what every look-up and the comparison with the version
 * before need at hand, the rest as bytes. 10,000 entries as objects would be copied by the garbage collector before
 * they are old, and that alone holds calls up for longer than taking them in.
 */
export interface EntryBatch {
  readonly section: TrustSection;
  readonly pubkeys: readonly string[];
  /** Of each entry, the sum of {@link FLAGS}. */
  readonly flags: Uint8Array;
  /** Of each entry, the line that it begins in. */
  readonly lines: Uint32Array;
  /** The entries as JSON, one after another, in UTF-8. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Of each entry, where it ends in `bytes`. */
  readonly ends: Uint32Array;
}

/** What is known of an entry without unpacking it. */
export const FLAGS = { tools: 1, targets: 2, principal: 4, disabled: 8, revoked: 16, limits: 32 } as const;

/** Entries taken in at a stretch. Between two batches, calls get their turn. */
const BATCH_SIZE = 250;

/** Cuts what a file says into pieces that are each quick to take in. */
export function* cutIntoBatches(contents: RegistryContents): Generator<EntryBatch, void, undefined> {
  for (const section of TRUST_SECTIONS) {
    const entries = contents.sections[section];
    for (let start = 0; start < entries.length; start += BATCH_SIZE) {
      yield pack(section, entries.slice(start, start + BATCH_SIZE));
    }
  }
}

function pack(section: TrustSection, placed: readonly PlacedEntry[]): EntryBatch {
  const texts = placed.map(({ entry }) => JSON.stringify(entry));
  let end = 0;
  return {
    section,
    pubkeys: placed.map(({ entry }) => entry.pubkey),
    flags: Uint8Array.from(placed, ({ entry }) => flagsOf(entry)),
    lines: Uint32Array.from(placed, ({ line }) => line),
    bytes: new TextEncoder().encode(texts.join("")),
    ends: Uint32Array.from(texts, (text) => (end += Buffer.byteLength(text))),
  };
}

function flagsOf({ status, tools, targets, principal, limits }: TrustEntry): number {
  const restrictions =
    (tools ? FLAGS.tools : 0) +
    (targets ? FLAGS.targets : 0) +
    (principal ? FLAGS.principal : 0) +
    (limits ? FLAGS.limits : 0);
  return restrictions + (status === "active" ? 0 : FLAGS[status]);
}
