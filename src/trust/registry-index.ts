import type { TrustEntry, TrustSection } from "./types.js";

/** The entries of a registry, found by the text of their key. Filled bit by bit, then read only. */
export class RegistryIndex {
  readonly #sections: { readonly [section in TrustSection]: Map<string, TrustEntry> } = {
    roots: new Map(),
    agents: new Map(),
    servers: new Map(),
  };
  readonly #barred = new Map<string, TrustEntry>();

  /** @param entry - One whose key the section does not hold yet. */
  add(section: TrustSection, entry: TrustEntry): void {
    const frozen = Object.freeze(entry);
    this.#sections[section].set(entry.pubkey, frozen);
    if (entry.status === "active") return;
    const barred = this.#barred.get(entry.pubkey);
    if (barred === undefined || entry.status === "revoked") this.#barred.set(entry.pubkey, frozen);
  }

  find(section: TrustSection, pubkey: string): TrustEntry | undefined {
    return this.#sections[section].get(pubkey);
  }

  /** The entry that disables or revokes a key, in whatever section it is: revoked in one is revoked in all. */
  findBarred(pubkey: string): TrustEntry | undefined {
    return this.#barred.get(pubkey);
  }

  entries(section: TrustSection): IterableIterator<TrustEntry> {
    return this.#sections[section].values();
  }

  count(section: TrustSection): number {
    return this.#sections[section].size;
  }
}
