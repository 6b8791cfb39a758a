import { chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { Pool } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../../../scripts/services/free-port.mjs";
import { startPostgres } from "../../../scripts/services/postgres.mjs";
import { OptionError, ReplayStoreError } from "../../../src/errors.js";
import {
  createPostgresReplayStore,
  migratePostgresReplayStore,
  postgresReplayMigration,
} from "../../../src/replay/postgres/index.js";
import type { PostgresReplayStoreOptions } from "../../../src/replay/postgres/index.js";
import { ALICE } from "../harness.js";
import { isInstalled, NEEDS_SERVER, newSchema, outcome, Stand } from "./support/stand.js";

const LIFE_MS = 331_000;

let stand: Stand;

/** The error with which a store does not open. */
async function refusal(options: PostgresReplayStoreOptions): Promise<ReplayStoreError> {
  try {
    await createPostgresReplayStore(options);
  } catch (error) {
    if (error instanceof ReplayStoreError) return error;
    throw error;
  }
  throw new Error("it opened");
}

async function refusalCode(pool: Pool, schema: string, clock: () => number = Date.now): Promise<string> {
  return (await refusal({ pool, schema, clock })).code;
}

describe.skipIf(!isInstalled)(`the migration of the PostgreSQL store ${NEEDS_SERVER}`, () => {
  beforeAll(async () => {
    stand = await Stand.start();
  });
  afterEach(() => stand.clear());
  afterAll(() => stand.stop());

  const about = async (schema: string): Promise<unknown> =>
    (await stand.pool().query(`SELECT format, epoch_ms, identity FROM ${schema}.signet_replay_meta`)).rows[0];

  it("can be run by many at once and again, and changes nothing that is there", async () => {
    const schema = newSchema();
    await Promise.all(
      Array.from({ length: 8 }, () => migratePostgresReplayStore(stand.pool({ max: 1 }), { schema })),
    );
    const first = await about(schema);
    const store = await stand.open(schema);
    const now = Date.now();
    expect(await store.claim(ALICE, "n", now + LIFE_MS, now)).toBe("claimed");
    await migratePostgresReplayStore(stand.pool(), { schema });
    expect(await about(schema)).toEqual(first);
    expect(await store.claim(ALICE, "n", now + LIFE_MS, now)).toBe("replayed");
  });

  it("is one statement that psql and other tools run as well, within a transaction of theirs or without", async () => {
    const schema = newSchema();
    await stand.server.sql(`BEGIN; ${postgresReplayMigration({ schema })} ROLLBACK;`);
    expect(await refusalCode(stand.pool(), schema)).toBe("replay_misconfigured");
    await stand.server.sql(postgresReplayMigration({ schema }));
    const store = await stand.open(schema);
    expect(await store.claim(ALICE, "n", Date.now() + LIFE_MS, Date.now())).toBe("claimed");
  });

  it("makes what is missing again", async () => {
    const { store, pool, schema } = await stand.fresh();
    const now = Date.now();
    expect(await store.claim(ALICE, "n", now + LIFE_MS, now)).toBe("claimed");
    await pool.query(`DROP FUNCTION ${schema}.signet_replay_claim`);
    expect(await refusalCode(pool, schema)).toBe("replay_misconfigured");
    expect(await outcome(store.claim(ALICE, "n", now + LIFE_MS, now))).toBe("replay_unavailable");
    await migratePostgresReplayStore(pool, { schema });
    expect(await store.claim(ALICE, "n", now + LIFE_MS, now)).toBe("replayed");
  });

  it("does not touch tables of a newer version", async () => {
    const { pool, schema } = await stand.fresh();
    await pool.query(`UPDATE ${schema}.signet_replay_meta SET format = 99`);
    expect(await outcome(migratePostgresReplayStore(pool, { schema }))).toBe("replay_misconfigured");
    expect(await about(schema)).toMatchObject({ format: 99 });
  });

  it("says so when it may not make the tables", async () => {
    await stand.server.sql("CREATE ROLE nobody LOGIN");
    const pool = stand.poolAt(stand.server.url.replace("postgres@", "nobody@"));
    expect(await outcome(migratePostgresReplayStore(pool, { schema: newSchema() }))).toBe(
      "replay_misconfigured",
    );
    const client = await pool.connect();
    expect((await client.query("SELECT now() = statement_timestamp() AS is_idle")).rows).toEqual([
      { is_idle: true },
    ]);
    client.release();
  });
});

describe.skipIf(!isInstalled)(`opening the PostgreSQL store ${NEEDS_SERVER}`, () => {
  beforeAll(async () => {
    stand = await Stand.start();
  });
  afterEach(() => stand.clear());
  afterAll(() => stand.stop());

  it("needs no right on the tables, and says which it lacks", async () => {
    const owner = stand.pool();
    const schema = await stand.migrate(owner);
    await stand.server.sql(`CREATE ROLE "my app" LOGIN`);
    const pool = stand.poolAt(stand.server.url.replace("postgres@", "my%20app@"));
    const error = await refusal({ pool, schema });
    expect(error.code).toBe("replay_misconfigured");
    await owner.query(error.message.slice(error.message.indexOf("GRANT")));
    const store = await stand.open(schema, {}, pool);
    const now = Date.now();
    expect(await store.claim(ALICE, "n", now + LIFE_MS, now)).toBe("claimed");
    const charges = [{ id: "r", max: 1, windowMs: 1000 }];
    expect(await store.charge(charges)).toBe("charged");
    await store.refund(charges);
    expect(
      (await pool.query(`SELECT ${schema}.signet_replay_clean(${Date.now()}, 60000, 10) AS n`)).rows,
    ).toEqual([{ n: "0" }]);
    for (const forbidden of [
      `DELETE FROM ${schema}.signet_replay_nonces`,
      `SELECT ${schema}.signet_replay_now()`,
      `CREATE TABLE ${schema}.mine ()`,
    ]) {
      expect(await outcome(pool.query(forbidden))).toBe("42501");
    }
    expect(store.health()).toEqual({ kind: "postgres", ready: true, perSignerShare: 500_000 });
  });

  it("refuses tables that are missing, older or newer", async () => {
    const { pool, schema } = await stand.fresh();
    expect(await refusalCode(pool, newSchema())).toBe("replay_misconfigured");
    for (const format of [0, 2]) {
      await pool.query(`UPDATE ${schema}.signet_replay_meta SET format = ${format}`);
      expect(await refusalCode(pool, schema)).toBe("replay_misconfigured");
    }
  });

  it("refuses tables that a crash would empty", async () => {
    const { pool, schema } = await stand.fresh();
    await pool.query(`ALTER TABLE ${schema}.signet_replay_nonces SET UNLOGGED`);
    expect(await refusalCode(pool, schema)).toBe("replay_misconfigured");
    await pool.query(`ALTER TABLE ${schema}.signet_replay_nonces SET LOGGED`);
    await stand.open(schema, {}, pool);
  });

  it("refuses connections that do not wait for the disk, and such that are read-only", async () => {
    const schema = await stand.migrate();
    for (const option of ["synchronous_commit=off", "default_transaction_read_only=on"]) {
      expect(await refusalCode(stand.pool({ options: `-c ${option}` }), schema)).toBe("replay_misconfigured");
    }
    await stand.open(schema, {}, stand.pool({ options: "-c synchronous_commit=local" }));
  });

  it("refuses a host whose clock is too far from the database's", async () => {
    const { pool, schema } = await stand.fresh();
    for (const apartMs of [-70_000, 70_000]) {
      expect(await refusalCode(pool, schema, () => Date.now() + apartMs)).toBe("replay_misconfigured");
    }
    await stand.open(schema, { clock: () => Date.now() + 50_000 }, pool);
  });

  it("refuses a pool that waits for connections without an end", async () => {
    const schema = await stand.migrate();
    for (const connectionTimeoutMillis of [0, 60_000]) {
      expect(await refusalCode(stand.pool({ connectionTimeoutMillis }), schema)).toBe("replay_misconfigured");
    }
  });

  it("refuses a database that cannot be asked, in time, and tells no password", async () => {
    const port = await freePort();
    for (const url of [
      `postgres://me:secret@127.0.0.1:${port}/x`,
      "postgres://me:secret@127.0.0.1:99999/x",
      stand.server.url.replace("postgres@", "me:secret@"),
      `${stand.server.url}x`,
    ]) {
      const error = await refusal({ pool: stand.poolAt(url) });
      expect(error.code).toBe("replay_misconfigured");
      expect(error.cause).toBeInstanceOf(Error);
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("secret");
    }
    const busy = stand.pool({ max: 1, connectionTimeoutMillis: 4000 });
    const client = await busy.connect();
    const startMs = performance.now();
    expect(await refusalCode(busy, "signet")).toBe("replay_misconfigured");
    expect(performance.now() - startMs).toBeLessThan(5000);
    client.release();
  });

  it("leaves the pool as it was when it fails", async () => {
    const pool = stand.pool();
    expect(await refusalCode(pool, newSchema())).toBe("replay_misconfigured");
    expect(pool.listenerCount("error")).toBe(0);
    const store = await stand.open(await stand.migrate(pool), {}, pool);
    expect(pool.listenerCount("error")).toBe(1);
    await store.close();
    expect(pool.listenerCount("error")).toBe(0);
    expect(pool.idleCount).toBe(pool.totalCount);
  });

  it("refuses options that are none", async () => {
    const pool = stand.pool();
    const wrong: readonly object[] = [
      {},
      { pool: "postgres://127.0.0.1/" },
      { pool: {} },
      { pool, schema: "Public" },
      { pool, schema: "x; DROP TABLE y" },
      { pool, schema: 'x"' },
      { pool, schema: "pg_x" },
      { pool, schema: "x".repeat(64) },
      { pool, perSignerShare: 0 },
      { pool, clockSkewMs: -1 },
      { pool, storeClockSkewMs: 99 },
      { pool, statementTimeoutMs: 0 },
      { pool, clock: 5 },
      { pool, tables: "x" },
    ];
    for (const options of wrong) {
      await expect(Reflect.apply(createPostgresReplayStore, undefined, [options])).rejects.toThrow(
        OptionError,
      );
    }
    expect(() => postgresReplayMigration({ schema: "a b" })).toThrow(OptionError);
    await expect(Reflect.apply(migratePostgresReplayStore, undefined, [{}])).rejects.toThrow(OptionError);
  });
});

describe.skipIf(!isInstalled)(`a PostgreSQL server whose claims may not last ${NEEDS_SERVER}`, () => {
  it("is refused without fsync, and as a standby; and once it takes over, what is older is refused", async () => {
    const folder = mkdtempSync(join(tmpdir(), "signet-standby-"));
    const server = await startPostgres({ dataDirectory: folder, settings: { fsync: "off" } });
    const pools: Pool[] = [];
    const pool = (): Pool => {
      const made = new Pool({ connectionString: server.url, connectionTimeoutMillis: 1000 });
      // Not every one has a store that listens.
      made.on("error", () => {});
      pools.push(made);
      return made;
    };
    try {
      const schema = newSchema();
      await migratePostgresReplayStore(pool(), { schema });
      expect(await refusalCode(pool(), schema)).toBe("replay_misconfigured");
      await server.restart({});
      const store = await createPostgresReplayStore({ pool: pool(), schema, clockSkewMs: 0 });
      const now = Date.now();
      const claim = (nonce: string, at: number): Promise<unknown> =>
        outcome(store.claim(ALICE, nonce, at + LIFE_MS, at));
      expect(await claim("n", now)).toBe("claimed");

      await server.kill();
      const { uid, gid } = statSync(join(folder, "data"));
      const signal = join(folder, "data", "standby.signal");
      writeFileSync(signal, "");
      chownSync(signal, uid, gid);
      await server.start();
      expect(await refusalCode(pool(), schema)).toBe("replay_misconfigured");
      expect(await claim("n", now)).toBe("replay_unavailable");

      await server.sql("SELECT pg_promote()");
      expect(await claim("n", now)).toBe("issued_before_start");
      expect(await claim("n", Date.now() + 1)).toMatch(/^(?:claimed|replay)/);
      expect(await claim("another", now)).toBe("issued_before_start");
      expect(await claim("another", Date.now())).toBe("claimed");
      await store.close();
    } finally {
      await Promise.all(pools.map((one) => one.end()));
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
