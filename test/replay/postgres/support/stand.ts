import { randomBytes } from "node:crypto";
import { Pool } from "pg";
import type { PoolConfig } from "pg";
import { isPostgresInstalled, startPostgres } from "../../../../scripts/services/postgres.mjs";
import type { PostgresServer } from "../../../../scripts/services/postgres.mjs";
import {
  createPostgresReplayStore,
  migratePostgresReplayStore,
} from "../../../../src/replay/postgres/index.js";
import type {
  PostgresReplayStore,
  PostgresReplayStoreOptions,
} from "../../../../src/replay/postgres/index.js";

/** Whether tests can have a server of their own. */
export const isInstalled: boolean = isPostgresInstalled();

/** For the titles of tests that need one. */
export const NEEDS_SERVER = "(skipped unless PostgreSQL is installed)";

type Options = Omit<PostgresReplayStoreOptions, "pool" | "schema">;

/** A server, and the pools and stores that a test opens on it. */
export class Stand {
  readonly server: PostgresServer;
  readonly #open: { end(): Promise<unknown> }[] = [];

  private constructor(server: PostgresServer) {
    this.server = server;
  }

  static async start(settings: Readonly<Record<string, string>> = {}): Promise<Stand> {
    return new Stand(await startPostgres({ settings }));
  }

  pool(options: PoolConfig = {}): Pool {
    return this.poolAt(this.server.url, options);
  }

  poolAt(connectionString: string, options: PoolConfig = {}): Pool {
    const pool = new Pool({ connectionString, max: 5, connectionTimeoutMillis: 1000, ...options });
    this.#open.push({ end: () => endPool(pool) });
    return pool;
  }

  /** Makes the tables in a schema of their own, and gives its name. */
  async migrate(pool: Pool = this.pool()): Promise<string> {
    const schema = newSchema();
    await migratePostgresReplayStore(pool, { schema });
    return schema;
  }

  /** Opens a store in tables that are there. Receipts dated now are not refused for being from before the epoch. */
  async open(schema: string, options: Options = {}, pool: Pool = this.pool()): Promise<PostgresReplayStore> {
    const store = await createPostgresReplayStore({ pool, schema, clockSkewMs: 0, ...options });
    this.#open.push({ end: () => store.close() });
    return store;
  }

  /** Makes tables and opens a store in them. */
  async fresh(options: Options = {}): Promise<{ store: PostgresReplayStore; pool: Pool; schema: string }> {
    const pool = this.pool();
    const schema = await this.migrate(pool);
    return { store: await this.open(schema, options, pool), pool, schema };
  }

  /** Closes what a test opened. */
  async clear(): Promise<void> {
    for (const one of this.#open.splice(0).toReversed()) await one.end().catch(() => {});
  }

  async stop(): Promise<void> {
    await this.clear();
    await this.server.stop();
  }
}

/** Ends a pool. Its connections may see the server end before they are closed themselves, and by then no store listens. */
export async function endPool(pool: Pool): Promise<void> {
  pool.on("error", () => {});
  await pool.end();
}

/** The name of a schema that is not there yet. */
export function newSchema(): string {
  return `signet_${randomBytes(6).toString("hex")}`;
}

/** Lets a test tell the time of a store's database. */
export async function pinDatabaseClock(pool: Pool, schema: string, now: number): Promise<void> {
  await pool.query(
    `CREATE TABLE ${schema}.test_clock (now bigint); INSERT INTO ${schema}.test_clock VALUES (${now});
     CREATE OR REPLACE FUNCTION ${schema}.signet_replay_now() RETURNS bigint LANGUAGE sql VOLATILE
     AS 'SELECT now FROM ${schema}.test_clock'`,
  );
}

export async function setDatabaseClock(pool: Pool, schema: string, now: number): Promise<void> {
  await pool.query(`UPDATE ${schema}.test_clock SET now = ${now}`);
}

/** What a promise came to: its value, or the code of its error. */
export async function outcome(promise: Promise<unknown>): Promise<unknown> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof Error && "code" in error) return error.code;
    throw error;
  }
}
