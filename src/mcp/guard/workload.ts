import { isPromise } from "../../lib/maybe-promise.js";
import type { MaybePromise } from "../../lib/maybe-promise.js";

/** From so many signatures at a time on, other threads save more of this thread's time than it costs to ask them. */
const HEAVY_FROM = 4;

/** No more are left to other threads at a time: each keeps its call's messages in memory. */
const MOST_AWAY = 64;

/** How long another thread may take before this one does the work itself. The threads are the whole process's. */
const PATIENCE_MS = 25;

/** For how long the other threads are left alone once they were too busy. */
const ALONE_MS = 1000;

/** A piece of work as it is done by this thread, and by another. Done twice it gives the same. */
export interface Work<T> {
  readonly here: () => MaybePromise<T>;
  readonly elsewhere: () => MaybePromise<T>;
}

/**
 * Decides which thread works on signatures. With little to do, this thread is done sooner by itself; with much, others can
 * take most of the work. What comes over one connection after another within a turn of the event loop is work at the
 * same time, although each message seems to be alone when it is looked at.
 */
export class Workload {
  #thisTurn = 0;
  #checks = 0;
  #away = 0;
  #aloneUntilMs = 0;
  #lastCheck: Promise<unknown> = Promise.resolve();

  /** Counts a call until the end of this turn of the event loop. */
  noteArrival(): void {
    this.#thisTurn += 1;
    if (this.#thisTurn === 1) setImmediate(this.#endTurn);
  }

  /** Whether other threads had better help. */
  get isHeavy(): boolean {
    return this.#thisTurn + this.#away >= HEAVY_FROM;
  }

  /** Whether the next check had better go through {@link check}. Behind one that did it has to, to keep the order. */
  get ordersChecks(): boolean {
    return this.#checks > 0 || this.isHeavy;
  }

  /**
   * Does a check, on another thread if there is one to spare, and gives its outcome after those of all that were begun
   * before: calls run in the order in which they came, as they do without a guard.
   */
  readonly check = async (work: Work<boolean>): Promise<boolean> => {
    this.#checks += 1;
    const outcome = this.#maySend() ? this.#send(work) : work.here();
    const before = this.#lastCheck;
    // Each of these lets go of the one before it.
    this.#lastCheck = Promise.allSettled([before, outcome]).then(() => undefined);
    try {
      await before;
      return await outcome;
    } finally {
      this.#checks -= 1;
    }
  };

  /** Makes a signature, on another thread if that helps and there is one to spare. */
  sign<T>(work: Work<T>): MaybePromise<T> {
    return this.isHeavy && this.#maySend() ? this.#send(work) : work.here();
  }

  #maySend(): boolean {
    return this.#away < MOST_AWAY && performance.now() >= this.#aloneUntilMs;
  }

  /** Has work done elsewhere, or here after all if that takes too long. */
  #send<T>(work: Work<T>): MaybePromise<T> {
    const sent = work.elsewhere();
    if (!isPromise(sent)) return sent;
    this.#away += 1;
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#aloneUntilMs = performance.now() + ALONE_MS;
        try {
          resolve(work.here());
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      }, PATIENCE_MS);
      const end = (): void => {
        this.#away -= 1;
        clearTimeout(timer);
      };
      sent.then(
        (outcome) => {
          end();
          resolve(outcome);
        },
        (error: Error) => {
          end();
          reject(error);
        },
      );
    });
  }

  readonly #endTurn = (): void => {
    this.#thisTurn = 0;
  };
}
