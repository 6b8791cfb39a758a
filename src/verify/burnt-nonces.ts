/** How many are kept. More cannot be admitted: whoever would have to be remembered is refused before. */
const MOST = 100_000;
/** From this many on, those that have expired are looked for. */
const MANY = 1000;

interface Burnt {
  readonly key: string;
  readonly nonce: string;
  readonly expiresAtMs: number;
}

/**
 * Nonces whose claim got no answer in time. The store may never have heard of them, and would take the same receipt later:
 * but its call was refused, and whoever sent it may have signed another by then.
 */
export class BurntNonces {
  readonly #clock: () => number;
  readonly #expiries = new Map<string, number>();

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** Whether one more could be remembered. */
  get hasRoom(): boolean {
    if (this.#expiries.size >= MOST) this.#forget();
    return this.#expiries.size < MOST;
  }

  has(nonce: Burnt): boolean {
    return this.#expiries.size > 0 && this.#expiries.has(nameOf(nonce));
  }

  add(nonce: Burnt): void {
    if (this.#expiries.size >= MANY) this.#forget();
    this.#expiries.set(nameOf(nonce), nonce.expiresAtMs);
  }

  delete(nonce: Burnt): void {
    this.#expiries.delete(nameOf(nonce));
  }

  /** They come about in the order of their expiries, so the oldest are first. */
  #forget(): void {
    const now = this.#clock();
    for (const [name, expiresAtMs] of this.#expiries) {
      if (expiresAtMs >= now) return;
      this.#expiries.delete(name);
    }
  }
}

function nameOf({ key, nonce }: Burnt): string {
  return `${key} ${nonce}`;
}
