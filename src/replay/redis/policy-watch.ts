import { allHeads, askSetup, findSetupFault } from "./setup.js";
import type { Keyspace } from "./keyspace.js";
import type { RedisSettings } from "./options.js";

/** How often the server's setup is looked at again, in milliseconds: as long as it is right, and as long as it is not. */
export interface WatchIntervals {
  readonly rightMs: number;
  readonly wrongMs: number;
}

/**
 * Notices when a server is set up otherwise while the store is in use. It looks in passing, when claims are made, and keeps no timer
 * that would keep the process alive.
 */
export class PolicyWatch {
  readonly #settings: RedisSettings;
  readonly #heads: readonly string[];
  readonly #intervals: WatchIntervals;
  #nextMs: number;
  #isLooking = false;
  #problem: string | undefined;

  constructor(settings: RedisSettings, keyspace: Keyspace, intervals: WatchIntervals) {
    this.#settings = settings;
    this.#heads = allHeads(keyspace);
    this.#intervals = intervals;
    this.#nextMs = performance.now() + intervals.rightMs;
  }

  /** What was wrong when it was looked at last. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Has the setup looked at, when it is time. */
  pass(): void {
    if (!this.#isLooking && performance.now() >= this.#nextMs) void this.#look();
  }

  async #look(): Promise<void> {
    const { connection, clock, storeClockSkewMs } = this.#settings;
    this.#isLooking = true;
    try {
      const setups = await Promise.all(this.#heads.map((head) => askSetup(connection, head, clock)));
      this.#problem = setups
        .map((setup) => findSetupFault(setup, storeClockSkewMs))
        .find((fault) => fault !== undefined);
    } catch {
      // A server that cannot be asked refuses the claims by itself; what was known of it stays.
    }
    const { rightMs, wrongMs } = this.#intervals;
    this.#nextMs = performance.now() + (this.#problem === undefined ? rightMs : wrongMs);
    this.#isLooking = false;
  }
}
