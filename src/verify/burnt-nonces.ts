/** How many are kept one by one. */
const MOST = 100_000;
/** From this many on, those that have expired are looked for. */
const MANY = 1000;

interface Burnt {
  readonly key: string;
  readonly nonce: string;
  readonly expiresAtMs: number;
  readonly issuedAtMs: number;
}

/**
 * Nonces whose claim got no answer in time. The store may never have heard of them, and would take the same receipt later:
 * but its call was refused, and whoever sent it may have signed another by then. Where there are too many to keep, all that was issued no
 * later than the latest of those that are not kept counts as one of them.
 */
export class BurntNonces {
  readonly #clock: () => number;
  readonly #kept = new Map<string, Burnt>();
  #horizonMs = Number.NEGATIVE_INFINITY;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  has(nonce: Burnt): boolean {
    if (nonce.issuedAtMs <= this.#horizonMs) return true;
    return this.#kept.size > 0 && this.#kept.has(nameOf(nonce));
  }

  add(nonce: Burnt): void {
    if (this.#kept.size >= MANY) this.#forget();
    const { key, nonce: text, expiresAtMs, issuedAtMs } = nonce;
    this.#kept.set(nameOf(nonce), { key, nonce: text, expiresAtMs, issuedAtMs });
  }

  delete(nonce: Burnt): void {
    this.#kept.delete(nameOf(nonce));
  }

  /** They come about in the order of their expiries, so the oldest are first. */
  #forget(): void {
    const now = this.#clock();
    for (const [name, { expiresAtMs, issuedAtMs }] of this.#kept) {
      if (expiresAtMs >= now) {
        if (this.#kept.size < MOST) return;
        this.#horizonMs = Math.max(this.#horizonMs, issuedAtMs);
      }
      this.#kept.delete(name);
    }
  }
}

function nameOf({ key, nonce }: Burnt): string {
  return `${key} ${nonce}`;
}
