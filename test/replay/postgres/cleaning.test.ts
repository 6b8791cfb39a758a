import type { Pool } from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ALICE, BOB } from "../harness.js";
import { LIFE_MS, Pinned } from "./support/pinned.js";
import { isInstalled, NEEDS_SERVER, outcome, setDatabaseClock, Stand } from "./support/stand.js";

let stand: Stand;

describe.skipIf(!isInstalled)(`cleaning of the PostgreSQL store ${NEEDS_SERVER}`, () => {
  beforeAll(async () => {
    stand = await Stand.start();
  });
  afterEach(() => stand.clear());
  afterAll(() => stand.stop());

  const fill = async (pool: Pool, schema: string, count: number): Promise<void> => {
    await pool.query(
      `INSERT INTO ${schema}.signet_replay_nonces SELECT sha256(i::text::bytea), i, 0 FROM generate_series(1, ${count}) AS i`,
    );
  };

  it("follows claims and deletes faster than they add", async () => {
    const { store, pool, schema } = await stand.fresh();
    await fill(pool, schema, 50_000);
    const startMs = performance.now();
    let left = 50_000;
    for (let n = 0; left > 1000 && performance.now() - startMs < 15_000; n++) {
      await store.claim(ALICE, `n${n}`, Date.now() + LIFE_MS, Date.now());
      if (n % 50 !== 0) continue;
      const { rows } = await pool.query(
        `SELECT count(*)::integer AS n FROM ${schema}.signet_replay_nonces WHERE expires_at <= 50000`,
      );
      left = rows[0].n;
    }
    expect(left).toBeLessThanOrEqual(1000);
  });

  it("does not hold up claims while it goes on, nor claims that take the same nonces again", async () => {
    const { store, pool, schema } = await stand.fresh();
    await fill(pool, schema, 100);
    const cleaning = await stand.pool().connect();
    await cleaning.query("BEGIN");
    await cleaning.query("SET LOCAL statement_timeout = 0");
    // The rows that a clean would have locked, by one that does not come to an end.
    await cleaning.query(`SELECT FROM ${schema}.signet_replay_meta FOR NO KEY UPDATE`);
    await cleaning.query(`DELETE FROM ${schema}.signet_replay_nonces`);
    const claims = Array.from({ length: 100 }, (_, index) =>
      outcome(store.claim(ALICE, `n${index}`, Date.now() + LIFE_MS, Date.now())),
    );
    expect(new Set(await Promise.all(claims))).toEqual(new Set(["claimed"]));
    await cleaning.query("ROLLBACK");
    cleaning.release();
  });

  it("deletes signers and counters that are not needed any more, and no others", async () => {
    const opened = await Pinned.open(stand);
    const { now } = opened.host;
    expect(await opened.claim("n", now, 1000)).toBe("claimed");
    expect(await opened.store.claim(BOB, "n", now + 10_000_000, now)).toBe("claimed");
    await opened.store.charge([{ id: "short", max: 1, windowMs: 1000 }]);
    await opened.store.charge([{ id: "long", max: 1, windowMs: 10_000_000 }]);
    await opened.store.charge([{ id: "exhausted", max: 0, windowMs: 1000 }]);
    await opened.setTime(now + 2_000_000);
    for (let round = 0; round < 3; round++) await opened.clean();
    expect([await opened.count("signers"), await opened.count("tallies")]).toEqual([1, 1]);
    expect(await opened.count("counters")).toBe(1);
    expect(await opened.store.claim(BOB, "n", now + 10_000_000, now)).toBe("replayed");
    expect(await opened.store.charge([{ id: "long", max: 1, windowMs: 10_000_000 }])).toEqual({
      exhausted: "long",
    });
  });

  it("is left to the process that is at it", async () => {
    const { pool, schema } = await stand.fresh();
    await fill(pool, schema, 10);
    const busy = await pool.connect();
    await busy.query(`BEGIN; SELECT FROM ${schema}.signet_replay_meta FOR NO KEY UPDATE`);
    const clean = (): Promise<{ rows: unknown[] }> =>
      pool.query(
        `SET LOCAL statement_timeout = 1000; SELECT ${schema}.signet_replay_clean(${Date.now()}, 60000, 100) AS n`,
      );
    expect(await clean()).toMatchObject([{}, { rows: [{ n: "0" }] }]);
    await busy.query("ROLLBACK");
    busy.release();
    expect(await clean()).toMatchObject([{}, { rows: [{ n: "10" }] }]);
  });

  it("goes on where it left off, and begins anew when the clock was set back", async () => {
    const opened = await Pinned.open(stand);
    await fill(opened.pool, opened.schema, 10);
    const cleanedMs = async (): Promise<number> =>
      Number(
        (await opened.pool.query(`SELECT cleaned_ms AS ms FROM ${opened.schema}.signet_replay_meta`)).rows[0]
          .ms,
      );
    await opened.clean();
    expect([await opened.count("nonces"), await cleanedMs()]).toEqual([0, 10]);
    await opened.pool.query(
      `UPDATE ${opened.schema}.signet_replay_meta SET cleaned_ms = ${opened.host.now + 1}`,
    );
    await fill(opened.pool, opened.schema, 5);
    await opened.clean();
    expect([await opened.count("nonces"), await cleanedMs()]).toEqual([0, 5]);
  });

  it("deletes nothing while the clocks are too far apart", async () => {
    const opened = await Pinned.open(stand);
    expect(await opened.claim("n")).toBe("claimed");
    await setDatabaseClock(opened.pool, opened.schema, opened.host.now + 10_000_000);
    await opened.clean();
    expect(await opened.count("nonces")).toBe(1);
  });
});
