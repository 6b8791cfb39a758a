import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { migratePostgresReplayStore } from "../../../src/replay/postgres/index.js";
import { ALICE } from "../harness.js";
import { Callers } from "./support/callers.js";
import { TcpProxy } from "../../support/tcp-proxy.js";
import { isInstalled, NEEDS_SERVER, outcome, Stand } from "./support/stand.js";

/** The service has to be back two seconds after the server is. A machine under load gets three times as long. */
const BACK_MS = 6000;
/** A statement has 250 ms on the server and a second in all; what waits for one has another. */
const GIVEN_UP_MS = 1000;
const SLACK = 3;
/** A first claim is followed by a clean, which borrows the connection that the next claim would have. */
const CLEANED_MS = 100;
const LIFE_MS = 331_000;

let stand: Stand;

describe.skipIf(!isInstalled)(`the PostgreSQL store in trouble ${NEEDS_SERVER}`, () => {
  beforeAll(async () => {
    stand = await Stand.start();
  });
  afterEach(() => stand.clear());
  afterAll(() => stand.stop());

  const troubles: readonly [string, (server: Stand["server"]) => Promise<void>][] = [
    [
      "is killed",
      async (server) => {
        await server.kill();
        await pause(300);
        await server.start();
      },
    ],
    ["is restarted", (server) => server.restart()],
    [
      "is frozen",
      async (server) => {
        server.freeze();
        await pause(2500);
        server.thaw();
      },
    ],
    [
      "has all its connections ended",
      async (server) => {
        for (let round = 0; round < 5; round++) {
          await server.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'",
          );
          await pause(50);
        }
      },
    ],
    [
      "is read-only for a while",
      async (server) => {
        await server.sql("ALTER SYSTEM SET default_transaction_read_only = on; SELECT pg_reload_conf()");
        await pause(500);
        await server.sql(
          "SET default_transaction_read_only = off; ALTER SYSTEM RESET default_transaction_read_only; SELECT pg_reload_conf()",
        );
      },
    ],
  ];

  it.each(troubles)(
    "refuses while the server %s, grants no nonce twice, and comes back by itself",
    async (_, trouble) => {
      const { store } = await stand.fresh();
      const callers = new Callers(store);
      await pause(300);
      await trouble(stand.server);
      const backMs = await callers.answeredAgain();
      await pause(300);
      await callers.stop();
      expect(backMs).toBeLessThan(BACK_MS);
      expect(callers.twice).toEqual([]);
      expect(new Set(callers.outcomes.keys())).toEqual(
        new Set(["claimed", "replayed", "replay_unavailable"]),
      );
      expect(callers.slowestMs).toBeLessThan(2 * GIVEN_UP_MS * SLACK);
      expect(store.health().ready).toBe(true);
    },
  );

  it("does not tell a claim apart from one that was carried out when its reply was lost", async () => {
    const schema = await stand.migrate();
    const proxy = await TcpProxy.start(stand.server.port);
    try {
      const store = await stand.open(schema, {}, stand.poolAt(proxyUrl(proxy)));
      const now = Date.now();
      const claim = (nonce: string): Promise<unknown> =>
        outcome(store.claim(ALICE, nonce, now + LIFE_MS, now));
      expect(await claim("before")).toBe("claimed");
      await pause(CLEANED_MS);
      proxy.cutReplies(true);
      expect(await claim("lost")).toBe("replay_unavailable");
      proxy.cutReplies(false);
      await pause(150);
      expect(await claim("lost")).toBe("replayed");
      expect(await claim("after")).toBe("claimed");
    } finally {
      await proxy.stop();
    }
  });

  it("gives up what is answered too late, and takes another connection", async () => {
    const schema = await stand.migrate();
    const proxy = await TcpProxy.start(stand.server.port);
    try {
      const pool = stand.poolAt(proxyUrl(proxy));
      const store = await stand.open(schema, {}, pool);
      const now = Date.now();
      const claim = (nonce: string): Promise<unknown> =>
        outcome(store.claim(ALICE, nonce, now + LIFE_MS, now));
      expect(await claim("before")).toBe("claimed");
      await pause(CLEANED_MS);
      proxy.delayMs = 2000;
      const startMs = performance.now();
      const late = await Promise.all([claim("late"), pause(20).then(() => claim("later"))]);
      expect(late).toEqual(["replay_unavailable", "replay_unavailable"]);
      expect(performance.now() - startMs).toBeLessThan(2 * GIVEN_UP_MS * SLACK);
      expect(store.health()).toMatchObject({ kind: "postgres", ready: false });
      proxy.delayMs = 0;
      await pause(150);
      expect(await claim("late")).toBe("replayed");
      expect(store.health().ready).toBe(true);
    } finally {
      await proxy.stop();
    }
  });

  it("refuses what it cannot ask for because all connections are in use elsewhere", async () => {
    const pool = stand.pool({ max: 1, connectionTimeoutMillis: 5000 });
    const store = await stand.open(await stand.migrate(pool), {}, pool);
    const client = await pool.connect();
    const claim = (nonce: string): Promise<unknown> =>
      outcome(store.claim(ALICE, nonce, Date.now() + LIFE_MS, Date.now()));
    const startMs = performance.now();
    expect(await claim("n")).toBe("replay_unavailable");
    expect(performance.now() - startMs).toBeLessThan(2 * GIVEN_UP_MS * SLACK);
    // A connection that comes when nobody waits for it any more has to go back.
    await pause(CLEANED_MS);
    client.release();
    await pause(150);
    expect(await claim("n")).toBe("claimed");
    await pause(CLEANED_MS);
    expect([pool.waitingCount, pool.idleCount]).toEqual([0, 1]);
  });

  it("refuses what the server works on for too long, and nothing is left of it", async () => {
    const { store, pool, schema } = await stand.fresh({ statementTimeoutMs: 100 });
    const claim = (nonce: string): Promise<unknown> =>
      outcome(store.claim(ALICE, nonce, Date.now() + LIFE_MS, Date.now()));
    const charge = (): Promise<unknown> => outcome(store.charge([{ id: "r", max: 1, windowMs: 600_000 }]));
    const locker = await pool.connect();
    await locker.query(`BEGIN; LOCK TABLE ${schema}.signet_replay_nonces, ${schema}.signet_replay_counters`);
    expect(await Promise.all([claim("n"), charge()])).toEqual(["replay_unavailable", "replay_unavailable"]);
    await locker.query("ROLLBACK");
    locker.release();
    expect(await claim("n")).toBe("claimed");
    expect(await charge()).toBe("charged");
  });

  it("asks once more for what was certainly undone, and never for more", async () => {
    const { store, pool, schema } = await stand.fresh();
    const claim = (nonce: string): Promise<unknown> =>
      outcome(store.claim(ALICE, nonce, Date.now() + LIFE_MS, Date.now()));
    // Fails as often as the sequence says.
    const failing = async (times: number): Promise<void> => {
      await pool.query(
        `DROP SEQUENCE IF EXISTS ${schema}.tries; CREATE SEQUENCE ${schema}.tries;
         CREATE OR REPLACE FUNCTION ${schema}.signet_replay_ready() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
           IF nextval('${schema}.tries') <= ${times} THEN RAISE EXCEPTION 'x' USING ERRCODE = 'deadlock_detected'; END IF;
         END $$`,
      );
    };
    await failing(1);
    expect(await claim("once")).toBe("claimed");
    await failing(2);
    expect(await claim("twice")).toBe("replay_unavailable");
    expect(await claim("twice")).toBe("claimed");
  });

  it("refuses while the tables are gone, and what is older once they are made anew", async () => {
    const { store, pool, schema } = await stand.fresh();
    const issued = Date.now();
    const claim = (nonce: string, at: number): Promise<unknown> =>
      outcome(store.claim(ALICE, nonce, at + LIFE_MS, at));
    expect(await claim("n", issued)).toBe("claimed");
    await pool.query(`DROP SCHEMA ${schema} CASCADE`);
    expect(await claim("n", issued)).toBe("replay_unavailable");
    await pause(5);
    await migratePostgresReplayStore(pool, { schema });
    expect(await claim("n", issued)).toBe("issued_before_start");
    expect(await claim("n", Date.now())).toBe("claimed");
  });

  it("lets no more wait than it can answer for", async () => {
    const pool = stand.pool({ max: 1 });
    const store = await stand.open(await stand.migrate(pool), {}, pool);
    const client = await pool.connect();
    const claims = Array.from({ length: 10_500 }, (_, index) =>
      outcome(store.claim(ALICE, `n${index}`, Date.now() + LIFE_MS, Date.now())),
    );
    expect(await Promise.race([...claims.slice(-500), pause(500, "waits")])).toBe("replay_unavailable");
    client.release();
    const outcomes = await Promise.all(claims);
    expect(outcomes.filter((one) => one === "claimed").length).toBeGreaterThan(0);
    expect(new Set(outcomes)).toEqual(new Set(["claimed", "replay_unavailable"]));
  });

  it("answers what was asked before it was closed, and leaves the pool open", async () => {
    const { store, pool } = await stand.fresh();
    const claims = Array.from({ length: 50 }, (_, index) =>
      outcome(store.claim(ALICE, `n${index}`, Date.now() + LIFE_MS, Date.now())),
    );
    await store.close();
    expect(new Set(await Promise.all(claims))).toEqual(new Set(["claimed"]));
    expect((await pool.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  });

  it("does not wait long to be closed while the server is frozen", async () => {
    const { store } = await stand.fresh();
    await outcome(store.claim(ALICE, "n", Date.now() + LIFE_MS, Date.now()));
    stand.server.freeze();
    try {
      const claim = outcome(store.claim(ALICE, "m", Date.now() + LIFE_MS, Date.now()));
      await pause(50);
      const startMs = performance.now();
      await store.close();
      expect(performance.now() - startMs).toBeLessThan(GIVEN_UP_MS * SLACK);
      expect(await claim).toBe("replay_unavailable");
    } finally {
      stand.server.thaw();
    }
  });
});

function proxyUrl({ port }: TcpProxy): string {
  return `postgres://postgres@127.0.0.1:${port}/postgres`;
}
