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
    } else if (at === this.#buckets.length) {
      this.#buckets.push(bucket);
      this.#counts.push(1);
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
    let last: number | undefined;
    while ((this.#buckets[0] ?? Infinity) < bucket) {
      last = this.#buckets.shift();
      this.#live -= this.#counts.shift() ?? 0;
    }
    return last;
  }

  /** Where `bucket` is, or belongs. Most calls come in the order of their times, so it is sought from the end. */
  #position(bucket: number): number {
    let low = 0;
    let high = this.#buckets.length;
    const last = this.#buckets[high - 1] ?? bucket;
    if (last < bucket) return high;
    if (last === bucket) return Math.max(0, high - 1);
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#buckets[middle] ?? bucket) < bucket) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
