import { expiryOf, issueOf, KIND } from "./layout.js";
import type { Records } from "./records.js";

/** Records that are looked at for a claim, on the average: a walk past all of them takes half as many claims as there are records. */
const LOOKED_AT_A_CLAIM = 2;
/** From how many on they are looked at in one go: a few with each commit would cost more. */
const WORTH_A_LOOK = 256;
/** How many are looked at in one go beyond what its own claims make, at most, as all others wait. */
const MOST_BEHIND = 512;
/** And how long they may be put off, in milliseconds. */
const PUT_OFF_MS = 1000;

/** A budget that was forgotten would start anew when a clock that had leapt ahead comes back, so counters are kept for longer. */
const COUNTERS_KEPT_LONGER_MS = 86_400_000;

/** Walks through the records, on and on, some with every so many claims, and takes out those that are not needed any more. */
export class Sweeper {
  #next: Buffer;
  #much = false;
  #owed = 0;
  #sweptAtMs = 0;

  /** @param start - Where to begin: any bytes. Processes that begin apart do not do the same work. */
  constructor(start: Buffer) {
    this.#next = Buffer.concat([Buffer.from([KIND.nonce]), start]);
  }

  /** Whether there is enough to be done for a transaction of its own. */
  get isBehind(): boolean {
    return this.#much || this.#owed >= WORTH_A_LOOK;
  }

  /**
   * Goes on, when it is time.
   *
   * @param claims - How many nonces this commit takes in.
   * @returns When the latest of the nonces that were taken out was issued, `undefined` when there was none.
   */
  sweep(records: Records, claims: number, nowMs: number): number | undefined {
    this.#owed += claims * LOOKED_AT_A_CLAIM;
    const isPutOff = Math.abs(nowMs - this.#sweptAtMs) < PUT_OFF_MS && !this.#much;
    if (this.#owed < WORTH_A_LOOK && isPutOff) return undefined;
    const most = claims * LOOKED_AT_A_CLAIM + MOST_BEHIND;
    const limit = Math.min(Math.max(this.#owed, this.#much ? WORTH_A_LOOK : 1), most);
    this.#owed = Math.max(0, this.#owed - limit);
    this.#sweptAtMs = nowMs;
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
