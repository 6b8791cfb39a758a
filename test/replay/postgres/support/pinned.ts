import type { Pool } from "pg";
import type {
  PostgresReplayStore,
  PostgresReplayStoreOptions,
} from "../../../../src/replay/postgres/index.js";
import { ALICE, PinnedClock } from "../../harness.js";
import { outcome, pinDatabaseClock, setDatabaseClock } from "./stand.js";
import type { Stand } from "./stand.js";

/** How long a receipt lives with the guard's defaults, and how far clocks may be apart with the store's. */
export const LIFE_MS = 331_000;
export const STORE_SKEW_MS = 60_000;

type Options = Omit<PostgresReplayStoreOptions, "pool" | "schema" | "clock">;

/** A store whose clocks are pinned, the host's at the time of the database's. */
export class Pinned {
  readonly host: PinnedClock = new PinnedClock(Date.now() + 1_000_000);
  readonly pool: Pool;
  readonly #stand: Stand;
  schema = "";
  store!: PostgresReplayStore;

  private constructor(stand: Stand) {
    this.#stand = stand;
    this.pool = stand.pool();
  }

  static async open(stand: Stand, options: Options = {}): Promise<Pinned> {
    const opened = new Pinned(stand);
    opened.schema = await stand.migrate(opened.pool);
    await pinDatabaseClock(opened.pool, opened.schema, opened.host.now);
    opened.store = await opened.another(opened.host, options);
    return opened;
  }

  /** Opens the same store once more, on a host with another clock. */
  another(clock: PinnedClock, options: Options = {}): Promise<PostgresReplayStore> {
    return this.#stand.open(this.schema, { clock: clock.read, ...options }, this.pool);
  }

  /** Claims a nonce of a receipt dated `issuedAtMs`. */
  claim(nonce: string, issuedAtMs: number = this.host.now, lifeMs: number = LIFE_MS): Promise<unknown> {
    return outcome(this.store.claim(ALICE, nonce, issuedAtMs + lifeMs, issuedAtMs));
  }

  async setTime(now: number): Promise<void> {
    this.host.now = now;
    await setDatabaseClock(this.pool, this.schema, now);
  }

  async clean(): Promise<void> {
    await this.pool.query(
      `SELECT ${this.schema}.signet_replay_clean(${this.host.now}, ${STORE_SKEW_MS}, 1000)`,
    );
  }

  async count(table: string): Promise<number> {
    const { rows } = await this.pool.query(
      `SELECT count(*)::integer AS n FROM ${this.schema}.signet_replay_${table}`,
    );
    return rows[0].n;
  }
}
