import { ask, borrow } from "./connection.js";
import { meaningOf } from "./failures.js";
import { integerLiteral } from "./literals.js";
import type { StoreSettings } from "./options.js";

const PAUSE_MS = 1000;
/** Between rounds that did not come to an end of what has expired. */
const SHORT_PAUSE_MS = 100;
const MIN_LIMIT = 1000;
const MAX_LIMIT = 50_000;
/** A round should take no longer than this, in milliseconds: it has a connection of the pool for itself. */
const AIM_MS = 50;
const TIMEOUT_MS = 2000;

/**
 * Deletes what has expired, in rounds that follow claims: at most one a second while that is enough, up to ten while it is not,
 * so many nonces in each as it can delete in a short time. No timer of it keeps the process alive.
 */
export class Cleaner {
  readonly #settings: StoreSettings;
  #limit = MIN_LIMIT;
  #nextMs = 0;
  #isRunning = false;
  #isClosed = false;
  #problem: string | undefined;

  constructor(settings: StoreSettings) {
    this.#settings = settings;
  }

  /** Why the last round failed, if it did. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Says that something was claimed. */
  wake(): void {
    if (this.#isRunning || this.#isClosed || performance.now() < this.#nextMs) return;
    void this.#clean();
  }

  close(): void {
    this.#isClosed = true;
  }

  async #clean(): Promise<void> {
    this.#isRunning = true;
    const isEnough = await this.#round();
    this.#isRunning = false;
    this.#nextMs = performance.now() + (isEnough ? PAUSE_MS : SHORT_PAUSE_MS);
    if (!isEnough) {
      setTimeout(() => {
        this.wake();
      }, SHORT_PAUSE_MS + 1).unref();
    }
  }

  /** Gives whether nothing is left to be deleted, as far as it knows. */
  async #round(): Promise<boolean> {
    const { pool, schema, clock, storeClockSkewMs } = this.#settings;
    const limit = this.#limit;
    try {
      const client = await borrow(pool);
      const startMs = performance.now();
      const select = (): string => {
        const times = [clock(), storeClockSkewMs].map((value) => integerLiteral(value, "bigint"));
        return `${schema}.signet_replay_clean(${[...times, integerLiteral(limit, "integer")].join(", ")})`;
      };
      const reply = await ask(client, select, TIMEOUT_MS);
      if ("error" in reply) throw reply.error;
      const isFull = Number(reply.answer) >= limit;
      const tookMs = performance.now() - startMs;
      if (tookMs > AIM_MS) this.#limit = Math.max(MIN_LIMIT, Math.floor(limit / 2));
      else if (isFull) this.#limit = Math.min(MAX_LIMIT, limit * 2);
      this.#problem = undefined;
      return !isFull;
    } catch (error) {
      this.#problem = `expired nonces are not deleted: ${meaningOf(error)}`;
      return true;
    }
  }
}
