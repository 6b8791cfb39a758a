import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ALICE, BOB } from "../harness.js";
import { LIFE_MS, Pinned, STORE_SKEW_MS } from "./support/pinned.js";
import { isInstalled, NEEDS_SERVER, outcome, Stand } from "./support/stand.js";

const BUCKET_MS = 5000;

let stand: Stand;

describe.skipIf(!isInstalled)(`claims of the PostgreSQL store ${NEEDS_SERVER}`, () => {
  beforeAll(async () => {
    stand = await Stand.start();
  });
  afterEach(() => stand.clear());
  afterAll(() => stand.stop());

  it("are refused for what was signed before the tables were made, and for as long afterwards as a receipt may be dated ahead", async () => {
    const opened = await Pinned.open(stand, { clockSkewMs: 30_000 });
    const { rows } = await opened.pool.query(
      `SELECT epoch_ms::text AS epoch FROM ${opened.schema}.signet_replay_meta`,
    );
    const first = Number(rows[0].epoch) + 30_000;
    await opened.setTime(first);
    expect(await opened.claim("n", first - 1)).toBe("issued_before_start");
    expect(await opened.claim("n", first)).toBe("claimed");
    expect(await opened.claim("n", first - 1)).toBe("issued_before_start");
  });

  it("are refused for what is dated further ahead of the database's clock than the skew, and burn nothing", async () => {
    const opened = await Pinned.open(stand, { clockSkewMs: 30_000 });
    const { now } = opened.host;
    // The guard of a host whose clock is ahead lets it through.
    opened.host.now = now + 50_000;
    expect(await opened.claim("n", now + 30_001)).toBe("replay_unavailable");
    expect(await opened.claim("n", now + 30_000)).toBe("claimed");
  });

  it("are refused when the clocks of host and database are too far apart, and burn nothing", async () => {
    const opened = await Pinned.open(stand);
    const { now } = opened.host;
    for (const apart of [-1, 1]) {
      opened.host.now = now + apart * (STORE_SKEW_MS + 1);
      expect(await opened.claim("n", now)).toBe("replay_unavailable");
      expect(opened.store.health().ready).toBe(false);
      opened.host.now = now + apart * STORE_SKEW_MS;
      expect(await opened.claim(`within ${apart}`, now)).toBe("claimed");
      expect(opened.store.health().ready).toBe(true);
    }
    opened.host.now = now;
    expect(await opened.claim("n")).toBe("claimed");
  });

  it("are refused when the host's clock tells no time", async () => {
    const opened = await Pinned.open(stand);
    const { now } = opened.host;
    opened.host.now = Number.NaN;
    expect(await opened.claim("n", now)).toBe("replay_unavailable");
    opened.host.now = now;
    expect(await opened.claim("n")).toBe("claimed");
  });

  it("are refused when the nonce would have to be forgotten at once", async () => {
    const opened = await Pinned.open(stand);
    const { now } = opened.host;
    expect(await opened.claim("n", now, -STORE_SKEW_MS - 1)).toBe("replay_unavailable");
    expect(await opened.claim("n", now, -STORE_SKEW_MS)).toBe("claimed");
    expect(await opened.claim("n", now, -STORE_SKEW_MS)).toBe("replayed");
  });

  it("are refused for what may be among nonces that another guard kept for a shorter time", async () => {
    const opened = await Pinned.open(stand);
    const { now } = opened.host;
    expect(await opened.claim("n", now, 10_000)).toBe("claimed");
    await opened.setTime(now + 10_000 + STORE_SKEW_MS + 1);
    await opened.clean();
    expect(await opened.count("nonces")).toBe(0);
    const atOnce = [opened.claim("n", now), opened.claim("another", now - 5), opened.claim("new", now + 1)];
    expect(await Promise.all(atOnce)).toEqual(["replay_unavailable", "replay_unavailable", "claimed"]);
  });

  it("are not granted when the nonce is deleted between the look for it and its being taken", async () => {
    const opened = await Pinned.open(stand);
    const { now } = opened.host;
    expect(await opened.claim("n", now, 10_000)).toBe("claimed");
    await opened.setTime(now + 10_000 + STORE_SKEW_MS + 1);
    const { schema, pool } = opened;
    // Looked at after the horizon was read: what a clean does, as if it came to its end just then.
    await pool.query(
      `CREATE OR REPLACE FUNCTION ${schema}.signet_replay_identity() RETURNS text LANGUAGE plpgsql AS $$ BEGIN
         DELETE FROM ${schema}.signet_replay_nonces;
         UPDATE ${schema}.signet_replay_meta SET horizon_ms = ${now};
         RETURN (SELECT identity FROM ${schema}.signet_replay_meta);
       END $$`,
    );
    expect(await opened.claim("n", now)).toBe("replay_unavailable");
  });

  it("call a nonce that has expired a replay as long as it is there, for a receipt of the same time", async () => {
    const opened = await Pinned.open(stand);
    const { now } = opened.host;
    expect(await opened.claim("n", now, 10_000)).toBe("claimed");
    await opened.setTime(now + 10_000 + STORE_SKEW_MS + 1);
    expect(await opened.claim("n", now)).toBe("replayed");
    expect(await opened.claim("n", now + 1)).toBe("claimed");
    expect(await opened.claim("n", now + 1)).toBe("replayed");
  });

  it("judge copies of a nonce that are made at once each by its own times", async () => {
    const opened = await Pinned.open(stand);
    const { now } = opened.host;
    const outcomes = await Promise.all([
      opened.claim("n", now, -STORE_SKEW_MS - 1),
      opened.claim("n", now),
      opened.claim("n", now, -STORE_SKEW_MS - 1),
      opened.claim("n", now),
    ]);
    expect(outcomes).toEqual(["replay_unavailable", "claimed", "replay_unavailable", "replayed"]);
  });

  it("give a signer its share and not one more, however many processes claim at once", async () => {
    const opened = await Pinned.open(stand, { perSignerShare: 50 });
    const other = await opened.another(opened.host, { perSignerShare: 50 });
    const { now } = opened.host;
    const claims = Array.from({ length: 200 }, (_, index) =>
      outcome((index % 2 === 0 ? opened.store : other).claim(ALICE, `n${index}`, now + LIFE_MS, now)),
    );
    const outcomes = await Promise.all(claims);
    expect(outcomes.filter((one) => one === "claimed")).toHaveLength(50);
    expect(outcomes.filter((one) => one === "replay_full")).toHaveLength(150);
    expect(await opened.store.claim(BOB, "n", now + LIFE_MS, now)).toBe("claimed");
    const taken = outcomes.indexOf("claimed");
    expect(await opened.claim(`n${taken}`)).toBe("replayed");
  });

  it("do not count nonces against the share that were refused or have expired", async () => {
    const opened = await Pinned.open(stand, { perSignerShare: 2 });
    const { now } = opened.host;
    expect(await opened.claim("short", now, 1000)).toBe("claimed");
    expect(await opened.claim("long")).toBe("claimed");
    expect(await opened.claim("refused")).toBe("replay_full");
    await opened.setTime(now + 1000 + STORE_SKEW_MS + BUCKET_MS);
    expect(await opened.claim("refused")).toBe("claimed");
    expect(await opened.claim("one more")).toBe("replay_full");
    const { rows } = await opened.pool.query(`SELECT counts FROM ${opened.schema}.signet_replay_tallies`);
    expect(rows).toEqual([{ counts: [1, 1] }]);
  });

  it("go on counting where the signer's tally left off when it begins anew in another row", async () => {
    const opened = await Pinned.open(stand, { perSignerShare: 5 });
    const tallies = `${opened.schema}.signet_replay_tallies`;
    for (const nonce of ["a", "b", "c"]) expect(await opened.claim(nonce)).toBe("claimed");
    await opened.pool.query(`UPDATE ${tallies} SET updates = 1000`);
    const more = [
      opened.claim("d"),
      outcome(opened.store.claim(BOB, "d", opened.host.now + LIFE_MS, opened.host.now)),
    ];
    expect(await Promise.all(more)).toEqual(["claimed", "claimed"]);
    expect(
      (await opened.pool.query(`SELECT turn, updates, counts FROM ${tallies} ORDER BY turn`)).rows,
    ).toEqual([
      { turn: 1, updates: 1, counts: [1] },
      { turn: 2, updates: 1, counts: [4] },
    ]);
    expect(await opened.claim("e")).toBe("claimed");
    expect(await opened.claim("f")).toBe("replay_full");
  });

  it("leave a signer's tally for a new row after a thousand of them, so that old versions of it do not pile up", async () => {
    const { store, pool, schema } = await stand.fresh();
    for (let n = 0; n < 1500; n++) {
      expect(await store.claim(ALICE, `n${n}`, Date.now() + LIFE_MS, Date.now())).toBe("claimed");
    }
    const { rows } = await pool.query(
      `SELECT s.turn AS turn, t.updates < 1000 AS is_new FROM ${schema}.signet_replay_signers AS s JOIN ${schema}.signet_replay_tallies AS t USING (id, turn)`,
    );
    expect(rows).toEqual([{ turn: 2, is_new: true }]);
  });

  it("are refused for older receipts once the tables were restored from a copy", async () => {
    const opened = await Pinned.open(stand);
    const { now } = opened.host;
    await opened.setTime(now + 1000);
    const table = `${opened.schema}.signet_replay_nonces`;
    await opened.pool.query(
      `CREATE TABLE ${opened.schema}.copy (LIKE ${table} INCLUDING ALL); DROP TABLE ${table};
       ALTER TABLE ${opened.schema}.copy RENAME TO signet_replay_nonces`,
    );
    expect(await opened.claim("n", now + 999)).toBe("issued_before_start");
    expect(await opened.claim("n", now + 1000)).toBe("claimed");
  });

  it("are refused over a connection that somebody left in the middle of a transaction", async () => {
    const pool = stand.pool({ max: 1 });
    const schema = await stand.migrate(pool);
    const store = await stand.open(schema, {}, pool);
    const client = await pool.connect();
    await client.query("BEGIN");
    client.release();
    const claim = (): Promise<unknown> => outcome(store.claim(ALICE, "n", Date.now() + LIFE_MS, Date.now()));
    expect(await claim()).toBe("replay_unavailable");
    expect(await claim()).toBe("claimed");
  });

  it("last only on a connection that waits for the disk", async () => {
    const pool = stand.pool({ max: 1 });
    const store = await stand.open(await stand.migrate(pool), {}, pool);
    await pool.query("SET synchronous_commit = off");
    const claim = (): Promise<unknown> => outcome(store.claim(ALICE, "n", Date.now() + LIFE_MS, Date.now()));
    expect(await claim()).toBe("replay_unavailable");
    expect(await claim()).toBe("claimed");
  });

  it("depend neither on the search path nor on the isolation level of the pool", async () => {
    const schema = await stand.migrate();
    const options = "-c search_path=nowhere -c default_transaction_isolation=serializable";
    const stores = [
      await stand.open(schema, {}, stand.pool({ options })),
      await stand.open(schema, {}, stand.pool({ options })),
    ];
    const rounds = Array.from({ length: 40 }, async (_, index) => {
      await pause(index);
      return await Promise.all(
        stores.map((store) => outcome(store.claim(ALICE, `n${index}`, Date.now() + LIFE_MS, Date.now()))),
      );
    });
    for (const outcomes of await Promise.all(rounds))
      expect(new Set(outcomes)).toEqual(new Set(["claimed", "replayed"]));
  });
});
