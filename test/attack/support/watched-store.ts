import { createMemoryReplayStore } from "../../../src/replay/memory.js";
import type { MemoryReplayStoreOptions } from "../../../src/replay/memory.js";
import type { ClaimOutcome, ReplayHealth, ReplayStore } from "../../../src/replay/types.js";
import type { MaybePromise } from "../../../src/lib/maybe-promise.js";

/** The memory store, seen from outside: every claim is counted, and can be held up until the test lets it go. */
export class WatchedStore implements ReplayStore {
  readonly startedAtMs: number;
  /** Claims that were asked for, whatever came of them. */
  claims = 0;
  readonly #store: ReturnType<typeof createMemoryReplayStore>;
  #opened: Promise<void> | undefined;
  #open: () => void = () => {};

  constructor(options: MemoryReplayStoreOptions) {
    this.#store = createMemoryReplayStore(options);
    this.startedAtMs = this.#store.startedAtMs;
  }

  claim(...nonce: Parameters<ReplayStore["claim"]>): MaybePromise<ClaimOutcome> {
    this.claims += 1;
    if (this.#opened === undefined) return this.#store.claim(...nonce);
    return this.#opened.then(() => this.#store.claim(...nonce));
  }

  /** Nonces that take room. */
  get live(): number {
    return this.health().liveNonces ?? 0;
  }

  health(): ReplayHealth {
    return this.#store.health();
  }

  /** Holds every claim from now on, until `release`. */
  hold(): void {
    this.#opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  release(): void {
    this.#opened = undefined;
    this.#open();
  }
}
