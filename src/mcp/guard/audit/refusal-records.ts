import { cut } from "../../../lib/text.js";
import { formatTime } from "../../../lib/time.js";
import type { TypedRecord } from "../../../audit/write/appendable.js";
import type { RefusalCode } from "../../../verify/refusals.js";

/** Refusals of one signer and code that are put on record one by one in a minute. */
const WHOLE_PER_MINUTE = 10;
const MINUTE_MS = 60_000;

/** Signers that a summary names, at the most. */
const NAMED_SIGNERS = 100;

/**
 * Decides which refusals are put on record one by one, and sums the rest up: nobody can fill the disk with calls that are
 * refused, be it a stranger or who captured a receipt.
 */
export class RefusalRecords {
  readonly #whole = new Map<string, number>();
  readonly #rest = new Map<
    string,
    { readonly code: string; readonly signer: string | undefined; count: number }
  >();
  readonly #now: () => number;
  #minuteMs = Number.NEGATIVE_INFINITY;
  #sinceMs: number | undefined;

  /** @param now - Milliseconds that never go back, from whatever time. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether a refusal of this signer may have a record of its own. It is in the next summary if not. */
  takeWhole(publicKey: string, name: string, code: RefusalCode, atMs: number): boolean {
    const now = this.#now();
    if (!(now - this.#minuteMs < MINUTE_MS)) {
      this.#minuteMs = now;
      this.#whole.clear();
    }
    const key = `${publicKey} ${code}`;
    const taken = this.#whole.get(key) ?? 0;
    if (taken >= WHOLE_PER_MINUTE) {
      this.count(code, atMs, name);
      return false;
    }
    this.#whole.set(key, taken + 1);
    return true;
  }

  /** Counts what has no record of its own. @param signer - The registry's name for it, if its signature held. */
  count(code: RefusalCode | "unsigned_allowed", atMs: number, signer?: string): void {
    if (Number.isFinite(atMs)) this.#sinceMs ??= atMs;
    const named =
      signer !== undefined && this.#rest.size < NAMED_SIGNERS ? cut(signer, 256).toWellFormed() : undefined;
    const key = JSON.stringify([code, named]);
    const entry = this.#rest.get(key);
    if (entry === undefined) this.#rest.set(key, { code, signer: named, count: 1 });
    else entry.count += 1;
  }

  get isEmpty(): boolean {
    return this.#rest.size === 0;
  }

  /** The record of what was counted since the last one; `undefined` if nothing was. */
  takeSummary(atMs: number, targets: readonly string[]): TypedRecord | undefined {
    if (this.isEmpty) return undefined;
    // Throws when the clock gives no time: then all is kept for the next.
    const until = formatTime(atMs);
    const from = this.#sinceMs === undefined ? until : formatTime(this.#sinceMs);
    const counts = [...this.#rest.values()].map(({ code, signer, count }) =>
      signer === undefined ? { code, count } : { code, signer, count },
    );
    this.#rest.clear();
    this.#sinceMs = undefined;
    return { type: "refusals", ts: until, from, until, targets, counts };
  }
}
