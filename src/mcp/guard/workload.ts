import { isPromise } from "../../lib/maybe-promise.js";
import type { MaybePromise } from "../../lib/maybe-promise.js";

/** From so many at a time on, other threads save more of this thread's time than it costs to ask them. */
const HEAVY_FROM = 4;

/**
 * Tells when signatures are better left to other threads. With little to do, this thread is done sooner by itself; with
 * much, others can take most of the work. What comes over one connection after another within a turn of the event loop
 * is work at the same time, although each message seems to be alone when it is looked at.
 */
export class Workload {
  #thisTurn = 0;
  #pending = 0;

  get isHeavy(): boolean {
    return this.#thisTurn + this.#pending >= HEAVY_FROM;
  }

  /** Counts a call until the end of this turn of the event loop. */
  noteArrival(): void {
    this.#thisTurn += 1;
    if (this.#thisTurn === 1) setImmediate(this.#endTurn);
  }

  /** Counts work until it is done. */
  track<T>(work: MaybePromise<T>): MaybePromise<T> {
    if (!isPromise(work)) return work;
    this.#pending += 1;
    return work.finally(this.#endWork);
  }

  readonly #endTurn = (): void => {
    this.#thisTurn = 0;
  };

  readonly #endWork = (): void => {
    this.#pending -= 1;
  };
}
