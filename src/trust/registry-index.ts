import { FLAGS } from "./batches.js";
import type { PackedEntry } from "./packed-entry.js";
import type { TrustEntry, TrustSection } from "./types.js";

/** The entries of a registry, found by the text of their key. Filled bit by bit, then read only. */
export class RegistryIndex {
  readonly #sections: { readonly [section in TrustSection]: Map<string, PackedEntry> } = {
    roots: new Map(),
    agents: new Map(),
    servers: new Map(),
  };
  readonly #barred = new Map<string, PackedEntry>();

  /** @param pubkey - The entry's key, which the section does not hold yet. */
  add(section: TrustSection, pubkey: string, packed: PackedEntry): void {
    this.#sections[section].set(pubkey, packed);
    if ((packed.flags & (FLAGS.disabled | FLAGS.revoked)) === 0) return;
    if ((packed.flags & FLAGS.revoked) !== 0 || !this.#barred.has(pubkey)) this.#barred.set(pubkey, packed);
  }

  find(section: TrustSection, pubkey: string): TrustEntry | undefined {
    return this.#sections[section].get(pubkey)?.unpack();
  }

  /** The flags of a key's entry in a section, without unpacking it; 0 when there is none. */
  flagsOf(section: TrustSection, pubkey: string): number {
    return this.#sections[section].get(pubkey)?.flags ?? 0;
  }

  /** The entry that disables or revokes a key, in whatever section it is: revoked in one is revoked in all. */
  findBarred(pubkey: string): TrustEntry | undefined {
    return this.#barred.get(pubkey)?.unpack();
  }

  isRevoked(pubkey: string): boolean {
    return ((this.#barred.get(pubkey)?.flags ?? 0) & FLAGS.revoked) !== 0;
  }

  *entries(section: TrustSection): Generator<TrustEntry, void, undefined> {
    for (const packed of this.#sections[section].values()) yield packed.unpack();
  }

  count(section: TrustSection): number {
    return this.#sections[section].size;
  }
}
