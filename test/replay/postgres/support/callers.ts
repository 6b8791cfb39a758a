import { setTimeout as pause } from "node:timers/promises";
import type { ReplayStore } from "../../../../src/replay/types.js";
import { ALICE } from "../../harness.js";
import { outcome } from "./stand.js";

const LIFE_MS = 331_000;

/** Callers that claim the same nonces again and again, each in an order of its own, and what they got. */
export class Callers {
  /** How often each nonce was claimed. */
  readonly claimed: Map<string, number> = new Map();
  /** How often claims came to each outcome. */
  readonly outcomes: Map<unknown, number> = new Map();
  /** How long the slowest claim took, in milliseconds. */
  slowestMs = 0;
  readonly #store: ReplayStore;
  readonly #issuedAtMs = Date.now();
  readonly #running: Promise<void>[];
  #isOver = false;
  #round = 0;

  constructor(store: ReplayStore, callers = 16) {
    this.#store = store;
    this.#running = Array.from({ length: callers }, () => this.#call());
  }

  /** Claims once. */
  async claim(nonce: string): Promise<unknown> {
    const startMs = performance.now();
    const result = await outcome(
      Promise.resolve(this.#store.claim(ALICE, nonce, this.#issuedAtMs + LIFE_MS, this.#issuedAtMs)),
    );
    this.slowestMs = Math.max(this.slowestMs, performance.now() - startMs);
    this.outcomes.set(result, (this.outcomes.get(result) ?? 0) + 1);
    if (result === "claimed") this.claimed.set(nonce, (this.claimed.get(nonce) ?? 0) + 1);
    return result;
  }

  /** Waits until claims are answered again, and gives how long that took, in milliseconds. */
  async answeredAgain(): Promise<number> {
    const startMs = performance.now();
    for (let n = 0; performance.now() - startMs < 20_000; n++) {
      const result = await this.claim(`probe ${startMs} ${n}`);
      if (result === "claimed") return performance.now() - startMs;
      await pause(20);
    }
    throw new Error("claims are not answered again");
  }

  /** Nonces that were granted more than once. */
  get twice(): string[] {
    return [...this.claimed].filter(([, times]) => times > 1).map(([nonce]) => nonce);
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#running);
  }

  async #call(): Promise<void> {
    while (!this.#isOver) {
      const result = await this.claim(`n${Math.floor(this.#round++ / 3)}`);
      if (typeof result === "string" && result.startsWith("replay_")) await pause(5);
    }
  }
}
