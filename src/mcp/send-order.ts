import type { RequestId } from "./message.js";

/**
 * Keeps what is sent on one stream in the order in which it was given, while some of it waits for a signature. A
 * stream is named by the request it belongs to.
 */
export class SendOrder {
  readonly #tails = new Map<RequestId, Promise<void>>();

  /** Runs `step` after everything given before for the same stream: at once if nothing is waiting. */
  run(stream: RequestId | undefined, step: () => Promise<void>): Promise<void> {
    const tail = stream === undefined ? undefined : this.#tails.get(stream);
    return tail === undefined ? step() : tail.then(step, step);
  }

  /** Like `run`, and makes everything given later for the stream wait until `step` is done. */
  hold(stream: RequestId, step: () => Promise<void>): Promise<void> {
    const done = this.run(stream, step);
    const tail = done.then(
      () => {
        this.#release(stream, tail);
      },
      () => {
        this.#release(stream, tail);
      },
    );
    this.#tails.set(stream, tail);
    return done;
  }

  #release(stream: RequestId, tail: Promise<void>): void {
    if (this.#tails.get(stream) === tail) this.#tails.delete(stream);
  }
}
