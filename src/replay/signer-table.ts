import type { ExpiryTally } from "./expiry-tally.js";

/** How many signers a claim looks at to see whether they have anything left. More than it can add, so that none pile up. */
const LOOKED_AT_A_CLAIM = 2;

/** What a store knows of a signer. */
export interface KnownSigner {
  /** Stands for the signer in the fingerprints of its nonces. */
  readonly salt: string;
  /** The signer's live nonces. May count some whose time has come: forget those first. */
  readonly tally: ExpiryTally;
}

/** The signers that have live nonces. One without any costs no memory. */
export class SignerTable {
  readonly #signers = new Map<string, KnownSigner>();
  #hand: MapIterator<[string, KnownSigner]> | undefined;
  #sweptFor = 0;

  get(key: string): KnownSigner | undefined {
    return this.#signers.get(key);
  }

  set(key: string, signer: KnownSigner): void {
    this.#signers.set(key, signer);
  }

  /** Goes on to the next signers in turn, and lets go of those that have nothing left in buckets from `alive` on. */
  sweep(alive: number): void {
    if (this.#hand === undefined) {
      if (this.#sweptFor === alive) return;
      this.#sweptFor = alive;
      this.#hand = this.#signers.entries();
    }
    for (let looked = 0; looked < LOOKED_AT_A_CLAIM; looked++) {
      const next = this.#hand.next();
      if (next.done === true) {
        this.#hand = undefined;
        return;
      }
      const [key, { tally }] = next.value;
      tally.forgetBefore(alive);
      if (tally.live === 0) this.#signers.delete(key);
    }
  }
}
