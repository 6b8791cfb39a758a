import { BUCKET_MS } from "../expiry-bucket.js";
import { readTime, TIME_BYTES, writeTime } from "./layout.js";

const LIVE_AT = TIME_BYTES;
const HORIZON_AT = LIVE_AT + 4;
const PAIRS_AT = HORIZON_AT + TIME_BYTES;
const PAIR_BYTES = 8;

/**
 * Counts live nonces by the time bucket in which they expire, as `ExpiryTally` does, in the bytes of a record: a transaction that
 * adds one changes two numbers of it, while all other processes wait.
 */
export class StoredTally {
  #bytes: Buffer;

  /** @param bytes - The record, which is changed from here on; `undefined` when there is none. */
  constructor(bytes: Buffer | undefined) {
    this.#bytes = bytes ?? Buffer.alloc(PAIRS_AT);
  }

  /** The record: when it need not be kept any more, how many are live, the horizon, then bucket and count by turns. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  get live(): number {
    return this.#bytes.readUInt32BE(LIVE_AT);
  }

  /** A time that is kept with the tally, for whoever needs one, in milliseconds since the Unix epoch. */
  get horizonMs(): number {
    return readTime(this.#bytes, HORIZON_AT);
  }

  set horizonMs(timeMs: number) {
    writeTime(this.#bytes, HORIZON_AT, timeMs);
  }

  add(bucket: number): void {
    let at = this.#bytes.length - PAIR_BYTES;
    // Most come in the order of their times, so the place is sought from the end.
    while (at >= PAIRS_AT && this.#bytes.readUInt32BE(at) > bucket) at -= PAIR_BYTES;
    if (at < PAIRS_AT || this.#bytes.readUInt32BE(at) !== bucket) at = this.#insert(at + PAIR_BYTES, bucket);
    this.#bytes.writeUInt32BE(this.#bytes.readUInt32BE(at + 4) + 1, at + 4);
    this.#bytes.writeUInt32BE(this.live + 1, LIVE_AT);
  }

  /** Forgets all in buckets before `bucket`. */
  forgetBefore(bucket: number): void {
    let at = PAIRS_AT;
    let forgotten = 0;
    for (; at < this.#bytes.length && this.#bytes.readUInt32BE(at) < bucket; at += PAIR_BYTES) {
      forgotten += this.#bytes.readUInt32BE(at + 4);
    }
    if (at === PAIRS_AT) return;
    this.#bytes.writeUInt32BE(this.live - forgotten, LIVE_AT);
    this.#bytes = Buffer.concat([this.#bytes.subarray(0, PAIRS_AT), this.#bytes.subarray(at)]);
  }

  #insert(at: number, bucket: number): number {
    const pair = Buffer.alloc(PAIR_BYTES);
    pair.writeUInt32BE(bucket);
    this.#bytes = Buffer.concat([this.#bytes.subarray(0, at), pair, this.#bytes.subarray(at)]);
    writeTime(this.#bytes, 0, this.#bytes.readUInt32BE(this.#bytes.length - PAIR_BYTES) * BUCKET_MS);
    return at;
  }
}
