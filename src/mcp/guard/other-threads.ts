import { isPromise } from "../../lib/maybe-promise.js";
import type { MaybePromise } from "../../lib/maybe-promise.js";

/** No more is left to other threads at a time: each piece keeps its call's messages in memory. */
const MOST_AWAY = 64;

/** Another thread has at least so long before this one does the work itself. The threads are the whole process's. */
const PATIENCE_MS = 25;

/** For how long the other threads are left alone once they were too busy. */
const ALONE_MS = 500;

/** A piece of work as it is done by this thread, and by another. Done twice it gives the same. */
export interface Work<T> {
  readonly here: () => MaybePromise<T>;
  readonly elsewhere: () => MaybePromise<T>;
}

interface Sent {
  readonly round: number;
  readonly doHere: () => void;
}

/** Has work done by other threads, as long as they do it in time. */
export class OtherThreads {
  readonly #sent = new Set<Sent>();
  #round = 0;
  #isWatching = false;
  #isAlone = false;

  /** Pieces of work that are not done yet. */
  get away(): number {
    return this.#sent.size;
  }

  /** Has work done elsewhere if there is a thread to spare; here if there is none, or if it takes too long. */
  run<T>(work: Work<T>): MaybePromise<T> {
    if (this.#isAlone || this.#sent.size >= MOST_AWAY) return work.here();
    const outcome = work.elsewhere();
    return isPromise(outcome) ? this.#watch(outcome, work.here) : outcome;
  }

  #watch<T>(outcome: Promise<T>, here: () => MaybePromise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const sent: Sent = {
        round: this.#round,
        doHere: () => {
          this.#sent.delete(sent);
          // In a chain, as it may throw.
          resolve(Promise.resolve().then(here));
        },
      };
      this.#sent.add(sent);
      if (!this.#isWatching) {
        this.#isWatching = true;
        setTimeout(this.#endRound, PATIENCE_MS);
      }
      outcome.then(
        (value) => {
          this.#sent.delete(sent);
          resolve(value);
        },
        (error: Error) => {
          this.#sent.delete(sent);
          reject(error);
        },
      );
    });
  }

  /** If it was this thread that was held up, what the others did may be waiting to be read: that comes first. */
  readonly #endRound = (): void => {
    setImmediate(() => {
      for (const sent of this.#sent) {
        if (sent.round === this.#round) break;
        this.#leaveAlone();
        sent.doHere();
      }
      this.#round += 1;
      this.#isWatching = this.#sent.size > 0;
      if (this.#isWatching) setTimeout(this.#endRound, PATIENCE_MS);
    });
  };

  #leaveAlone(): void {
    if (this.#isAlone) return;
    this.#isAlone = true;
    setTimeout(() => {
      this.#isAlone = false;
    }, ALONE_MS).unref();
  }
}
