import { isPromise } from "../../lib/maybe-promise.js";
import type { MaybePromise } from "../../lib/maybe-promise.js";
import { OtherThreads } from "./other-threads.js";
import type { Work } from "./other-threads.js";

/** From so many signatures at a time on, other threads save more of this thread's time than it costs to ask them. */
const HEAVY_FROM = 4;

/** A check that was begun. `tell` is there once its outcome is. */
interface Check {
  tell: (() => void) | undefined;
}

/**
 * Decides which thread works on signatures. With little to do, this thread is done sooner by itself; with much, others can
 * take most of the work. What comes over one connection after another within a turn of the event loop is work at the
 * same time, although each message seems to be alone when it is looked at.
 */
export class Workload {
  readonly #others = new OtherThreads();
  readonly #checks: Check[] = [];
  #thisTurn = 0;

  /** Counts a call until the end of this turn of the event loop. */
  noteArrival(): void {
    this.#thisTurn += 1;
    if (this.#thisTurn === 1) setImmediate(this.#endTurn);
  }

  /** Whether other threads had better help. */
  get isHeavy(): boolean {
    return this.#thisTurn + this.#others.away >= HEAVY_FROM;
  }

  /** Whether the next check had better go through {@link check}. Behind one that did it has to, to keep the order. */
  get ordersChecks(): boolean {
    return this.#checks.length > 0 || this.isHeavy;
  }

  /**
   * Does a check, on another thread if there is one to spare, and gives its outcome after those of all that were begun
   * before: calls run in the order in which they came, as they do without a guard.
   */
  readonly check = (work: Work<boolean>): Promise<boolean> =>
    new Promise((resolve, reject) => {
      const check: Check = { tell: undefined };
      this.#checks.push(check);
      const end = (tell: () => void): void => {
        check.tell = tell;
        this.#tellInOrder();
      };
      const outcome = this.#others.run(work);
      if (!isPromise(outcome)) {
        end(() => {
          resolve(outcome);
        });
        return;
      }
      outcome.then(
        (holds) => {
          end(() => {
            resolve(holds);
          });
        },
        (error: Error) => {
          end(() => {
            reject(error);
          });
        },
      );
    });

  /** Makes a signature, on another thread if that helps and there is one to spare. */
  sign<T>(work: Work<T>): MaybePromise<T> {
    return this.isHeavy ? this.#others.run(work) : work.here();
  }

  #tellInOrder(): void {
    while (this.#checks[0]?.tell !== undefined) this.#checks.shift()?.tell?.();
  }

  readonly #endTurn = (): void => {
    this.#thisTurn = 0;
  };
}
