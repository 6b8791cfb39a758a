import { isPromise } from "../../lib/maybe-promise.js";
import type { MaybePromise } from "../../lib/maybe-promise.js";

/** From so many signatures at a time on, other threads save more of this thread's time than it costs to ask them. */
const HEAVY_FROM = 4;

/**
 * Tells when signatures are better left to other threads. With little to do, this thread is done sooner by itself; with
 * much, others can take most of the work. What comes over one connection after another within a turn of the event loop
 * is work at the same time, although each message seems to be alone when it is looked at.
 */
export class Workload {
  #thisTurn = 0;
  #checks = 0;
  #signatures = 0;
  #lastCheck: Promise<unknown> = Promise.resolve();

  /** Counts a call until the end of this turn of the event loop. */
  noteArrival(): void {
    this.#thisTurn += 1;
    if (this.#thisTurn === 1) setImmediate(this.#endTurn);
  }

  get isHeavy(): boolean {
    return this.#thisTurn + this.#checks + this.#signatures >= HEAVY_FROM;
  }

  /** Whether the next signature had better be checked by another thread. Behind one that is, it has to be: see {@link inOrder}. */
  get leavesChecks(): boolean {
    return this.#checks > 0 || this.isHeavy;
  }

  /**
   * Counts a check that another thread makes, and gives its outcome after those of all that were begun before: calls
   * run in the order in which they came, as they do without a guard.
   */
  readonly inOrder = async (check: MaybePromise<boolean>): Promise<boolean> => {
    this.#checks += 1;
    const before = this.#lastCheck;
    this.#lastCheck = Promise.allSettled([before, check]);
    try {
      await before;
      return await check;
    } finally {
      this.#checks -= 1;
    }
  };

  /** Counts a signature until it is there. */
  track<T>(signature: MaybePromise<T>): MaybePromise<T> {
    if (!isPromise(signature)) return signature;
    this.#signatures += 1;
    return signature.finally(this.#endSignature);
  }

  readonly #endTurn = (): void => {
    this.#thisTurn = 0;
  };

  readonly #endSignature = (): void => {
    this.#signatures -= 1;
  };
}
