import { expiryOf, issueOf, KIND } from "./layout.js";
import type { Records } from "./records.js";

/** Records that a claim looks at, on the average: so a walk past all of them takes half as many claims as there are records. */
const LOOKED_AT_A_CLAIM = 2;
/** And those that every commit looks at. */
const LOOKED_AT_A_COMMIT = 8;
/** More than a commit looks at otherwise, as long as most of what it sees has expired. */
const LOOKED_AT_WHEN_MUCH = 256;

/** A budget that was forgotten would start anew when a clock that had leapt ahead comes back, so counters are kept for longer. */
const COUNTERS_KEPT_LONGER_MS = 86_400_000;

/** Walks through the records, on and on, a few with each commit, and takes out those that are not needed any more. */
export class Sweeper {
  #next: Buffer;
  #much = false;

  /** @param start - Where to begin: any bytes. Processes that begin apart do not do the same work. */
  constructor(start: Buffer) {
    this.#next = Buffer.concat([Buffer.from([KIND.nonce]), start]);
  }

  /**
   * Goes on.
   *
   * @param claims - How many nonces this commit takes in.
   * @returns When the latest of the nonces that were taken out was issued, `undefined` when there was none.
   */
  sweep(records: Records, claims: number, nowMs: number): number | undefined {
    const usual = LOOKED_AT_A_COMMIT + claims * LOOKED_AT_A_CLAIM;
    const limit = this.#much ? Math.max(usual, LOOKED_AT_WHEN_MUCH) : usual;
    const seen = records.list(this.#next, limit + 1);
    // The one that is too many is where the next sweep begins.
    this.#next = seen[limit]?.key ?? Buffer.from([KIND.counter]);
    const expired = seen.slice(0, limit).filter(({ key, value }) => {
      return expiryOf(value) + (key[0] === KIND.counter ? COUNTERS_KEPT_LONGER_MS : 0) < nowMs;
    });
    let latest: number | undefined;
    for (const { key, value } of expired) {
      if (key[0] === KIND.nonce) latest = Math.max(latest ?? 0, issueOf(value));
      records.remove(key);
    }
    this.#much = expired.length * 2 > limit;
    return latest;
  }
}
