import type { MaybePromise } from "../../lib/maybe-promise.js";

/**
 * Keeps what comes in on a connection in the order in which it came, while some of it waits for the disk. Where nothing
 * waits, everything is done at once.
 */
export class ArrivalOrder {
  readonly #report: (error: unknown) => void;
  /** Settles when all that came before is done. */
  #tail: Promise<void> | undefined;
  #connection: object = {};

  /** @param report - Hears what a step threw that had to wait: there is nobody else to hear it. */
  constructor(report: (error: unknown) => void) {
    this.#report = report;
  }

  /** Runs a step after those of everything that came before. @param step - Learns whether the connection is still the one. */
  run(step: (isOpen: boolean) => void): void {
    if (this.#tail === undefined) step(true);
    else this.hold(undefined, step);
  }

  /** The same once a value is there as well; whatever comes later waits for it too. @param ready - Never rejects. */
  hold<T>(ready: MaybePromise<T>, step: (isOpen: boolean, value: T) => void): void {
    const connection = this.#connection;
    const tail = Promise.all([ready, this.#tail]).then(([value]) => {
      if (this.#tail === tail) this.#tail = undefined;
      try {
        step(this.#connection === connection, value);
      } catch (error) {
        this.#report(error);
      }
    });
    this.#tail = tail;
  }

  /** Ends the connection. What comes on the next one waits for nothing of this. */
  close(): void {
    this.#connection = {};
    this.#tail = undefined;
  }
}
