/** `"closed"`: all pass. `"open"`: but one in a while does. */
export type CircuitState = "closed" | "open";

/** How long after one try the next is made while the circuit is open. */
const RETRY_MS = 250;

/**
 * Keeps requests from piling up before something that does not answer in time. Opened by the first that is late, and closed by
 * one that is not.
 */
export class Circuit {
  readonly #onChange: (state: CircuitState) => void;
  #state: CircuitState = "closed";
  #triedAtMs = 0;

  constructor(onChange: (state: CircuitState) => void) {
    this.#onChange = onChange;
  }

  get state(): CircuitState {
    return this.#state;
  }

  /** Tells whether one more may pass. One that does while the circuit is open is the try. */
  admits(): boolean {
    if (this.#state === "closed") return true;
    // Not the guard's clock: that may be set, or stand still.
    const now = performance.now();
    if (now - this.#triedAtMs < RETRY_MS) return false;
    this.#triedAtMs = now;
    return true;
  }

  answered(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#onChange("closed");
  }

  /** Told of an answer that came too late: the next one is tried at once. */
  stirred(): void {
    this.#triedAtMs = Number.NEGATIVE_INFINITY;
  }

  late(): void {
    if (this.#state === "open") return;
    this.#state = "open";
    this.#triedAtMs = performance.now();
    this.#onChange("open");
  }
}
