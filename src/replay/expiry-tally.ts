/**
 * Counts nonces by the time bucket in which they expire, so that all of a bucket are forgotten in one step.
 *
 * There are as many buckets as fit into the time that a nonce is kept: some seventy with the defaults of the guard.
 */
export class ExpiryTally {
  /** Numbers of the buckets that hold anything, ascending, and how much each holds. */
  #buckets: number[] = [];
  #counts: number[] = [];
  #live = 0;

  /** How many were added and not forgotten. */
  get live(): number {
    return this.#live;
  }

  add(bucket: number): void {
    this.#live += 1;
    if (this.#live === 1) {
      // Fresh arrays of one element are a third as large as grown ones: most of many signers need no more.
      this.#buckets = [bucket];
      this.#counts = [1];
      return;
    }
    const at = this.#position(bucket);
    if (this.#buckets[at] === bucket) {
      this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    } else {
      this.#buckets.splice(at, 0, bucket);
      this.#counts.splice(at, 0, 1);
    }
  }

  /**
   * Forgets all in buckets before `bucket`.
   *
   * @returns The number of the last bucket that was forgotten just now, `undefined` when there was none.
   */
  forgetBefore(bucket: number): number | undefined {
    const oldest = this.#buckets[0];
    if (oldest === undefined || oldest >= bucket) return undefined;
    const kept = this.#position(bucket);
    const last = this.#buckets[kept - 1];
    for (const count of this.#counts.splice(0, kept)) this.#live -= count;
    this.#buckets.splice(0, kept);
    return last;
  }

  /** Where `bucket` is, or belongs. Calls come about in the order of their times, so it is found from the end. */
  #position(bucket: number): number {
    let low = 0;
    let high = this.#buckets.length;
    if ((this.#buckets[high - 1] ?? bucket) < bucket) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#buckets[middle] ?? bucket) < bucket) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
