import type { ReplayStoreError } from "../../errors.js";
import { ask, borrow } from "./connection.js";
import { failureOf, isRolledBack, unavailable } from "./failures.js";
import type { PostgresPool } from "./pool.js";

/** What waits to be asked of the server together. */
export interface Batch {
  /** What to select. Made anew when it is asked once more, since the time has gone on. */
  readonly select: () => string;
  /** Reads the answer. Throws when it is none. */
  settle(answer: string): void;
  fail(error: ReplayStoreError): void;
}

/** What waits to be asked, in the order in which it came. */
export interface Waiting {
  readonly size: number;
  /** When the first of them came, by `performance.now()`. */
  readonly oldestMs: number | undefined;
  /** As many as go into one statement. */
  take(): Batch | undefined;
  /** Refuses all that came before a time. */
  failBefore(timeMs: number, error: ReplayStoreError): void;
}

/** How long what is asked may wait for its statement to begin, in milliseconds. */
const WAIT_MS = 1000;
/** How many may wait. */
const MAX_WAITING = 10_000;
/** After a connection failed, all is refused for so long, in milliseconds: a server that is down is not asked by every call. */
const PAUSE_MS = 100;
/** How long closing waits for what was asked before, in milliseconds. */
const CLOSE_MS = 1000;

export interface LanesSetup {
  readonly pool: PostgresPool;
  readonly waiting: Waiting;
  readonly timeoutMs: number;
  /** How many statements may be under way. While they are, others collect. */
  readonly lanes: number;
  /** Called after each batch that was answered. */
  readonly onAnswer: () => void;
}

/**
 * Asks the server for what waits, a batch at a time. Each lane borrows a client for each of its statements, and sees only
 * then what waits: a connection that is slow to come holds nothing.
 */
export class Lanes {
  readonly #setup: LanesSetup;
  #busy = 0;
  #isConnecting = false;
  #isClosed = false;
  #pausedUntilMs = 0;
  #failure: ReplayStoreError | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #idle: (() => void) | undefined;

  constructor(setup: LanesSetup) {
    this.#setup = setup;
  }

  /** Why the last statement had no answer, if it had none. */
  get failure(): ReplayStoreError | undefined {
    return this.#failure;
  }

  /** @throws `ReplayStoreError` `replay_unavailable` when nothing more may be added to what waits. */
  check(): void {
    if (this.#isClosed) throw unavailable("the store is closed");
    if (this.#failure !== undefined && this.#busy === 0 && performance.now() < this.#pausedUntilMs)
      throw this.#failure;
    if (this.#setup.waiting.size >= MAX_WAITING)
      throw unavailable(`${MAX_WAITING} calls wait for an answer already`);
  }

  /** Says that something waits. */
  wake(): void {
    const { waiting, lanes } = this.#setup;
    if (waiting.size === 0) return;
    this.#watch();
    // While one lane has no connection yet, a second would only take what the first is going to.
    if (this.#busy >= lanes || this.#isConnecting || performance.now() < this.#pausedUntilMs) return;
    void this.#run();
  }

  /** Refuses what is asked from now on, and waits a little for what was asked before. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#busy > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, CLOSE_MS);
        this.#idle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    clearTimeout(this.#deadline);
    this.#setup.waiting.failBefore(Number.POSITIVE_INFINITY, unavailable("the store is closed"));
  }

  async #run(): Promise<void> {
    this.#busy++;
    while (this.#setup.waiting.size > 0) {
      if (!(await this.#askNext())) break;
    }
    this.#busy--;
    if (this.#busy === 0) this.#idle?.();
  }

  /** Asks for the next batch. Gives `false` when there was no connection. */
  async #askNext(): Promise<boolean> {
    const { pool, waiting } = this.#setup;
    let client;
    this.#isConnecting = true;
    try {
      client = await borrow(pool);
    } catch (error) {
      this.#noteNoConnection(error);
      return false;
    } finally {
      this.#isConnecting = false;
    }
    const batch = waiting.take();
    if (batch === undefined) {
      client.release();
      return true;
    }
    this.wake();
    await this.#ask(client, batch);
    return true;
  }

  async #ask(first: Awaited<ReturnType<PostgresPool["connect"]>>, batch: Batch): Promise<void> {
    const { pool, timeoutMs, onAnswer } = this.#setup;
    try {
      let reply = await ask(first, batch.select, timeoutMs);
      if ("error" in reply && isRolledBack(reply.error)) {
        reply = await ask(await borrow(pool), batch.select, timeoutMs);
      }
      // What became of it is not known, so it is not asked again.
      if ("error" in reply) throw reply.error;
      batch.settle(reply.answer);
      this.#failure = undefined;
    } catch (error) {
      this.#failure = failureOf(error);
      batch.fail(this.#failure);
      return;
    }
    onAnswer();
  }

  #noteNoConnection(error: unknown): void {
    this.#failure = failureOf(error);
    this.#pausedUntilMs = performance.now() + PAUSE_MS;
    // Another lane that has a connection may still ask for what waits.
    if (this.#busy === 1) this.#setup.waiting.failBefore(Number.POSITIVE_INFINITY, this.#failure);
  }

  /** Refuses what has waited for too long, as long as anything waits. */
  #watch(): void {
    const { waiting } = this.#setup;
    const { oldestMs } = waiting;
    if (this.#deadline !== undefined || oldestMs === undefined) return;
    const restMs = Math.max(1, oldestMs + WAIT_MS - performance.now());
    this.#deadline = setTimeout(() => {
      this.#deadline = undefined;
      const failure = this.#failure ?? unavailable(`no statement began within ${WAIT_MS} ms`);
      waiting.failBefore(performance.now() - WAIT_MS, failure);
      this.#watch();
    }, restMs);
    this.#deadline.unref();
  }
}
