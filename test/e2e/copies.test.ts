import { setTimeout } from "node:timers/promises";
import { Pool } from "pg";
import { migratePostgresReplayStore } from "signet-mcp/replay/postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isPostgresInstalled, startPostgres } from "../../scripts/services/postgres.mjs";
import { isRedisInstalled, startRedis } from "../../scripts/services/redis.mjs";
import { Replicas } from "./copies/replicas.js";
import type { StoreKind } from "./copies/replicas.js";

const CALLS = 10_000;
const COPIES = 5;
/** Calls whose copies are under way at once. */
const AT_ONCE = 6;
/** The replicas' `clockSkewMs`, for so long a new store takes nothing. */
const NEW_STORE_MS = 600;

interface Service {
  readonly url: string | undefined;
  stop(): Promise<void>;
}

interface Case {
  readonly name: string;
  readonly kind: StoreKind;
  readonly isInstalled: boolean;
  start(): Promise<Service>;
}

const CASES: readonly Case[] = [
  {
    name: "a file",
    kind: "file",
    isInstalled: true,
    start: () => Promise.resolve({ url: undefined, stop: () => Promise.resolve() }),
  },
  {
    name: "Redis (skipped unless redis-server is installed)",
    kind: "redis",
    isInstalled: isRedisInstalled(),
    start: () => startRedis(),
  },
  {
    name: "PostgreSQL (skipped unless PostgreSQL is installed)",
    kind: "postgres",
    isInstalled: isPostgresInstalled(),
    start: startDatabase,
  },
];

describe.each(CASES)("four replicas on $name", ({ kind, isInstalled, start }) => {
  describe.runIf(isInstalled)("as processes of their own", () => {
    let service: Service;

    beforeAll(async () => {
      service = await start();
    });
    afterAll(() => service.stop());

    it("run each of 10,000 calls once, of which five copies come at once to any of them", async () => {
      const replicas = await Replicas.start(kind, service.url);
      try {
        await setTimeout(NEW_STORE_MS);
        const outcomes = new Map<string, number>();
        let next = 0;
        const work = async (): Promise<void> => {
          for (let call = next++; call < CALLS; call = next++) {
            const body = await replicas.sign(call);
            const answers = await Promise.all(Array.from({ length: COPIES }, () => replicas.send(body)));
            const ran = answers.filter(({ outcome }) => outcome === "ran").length;
            expect(ran, `answers to call ${call}: ${JSON.stringify(answers)}`).toBe(1);
            for (const { outcome } of answers) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
          }
        };
        await Promise.all(Array.from({ length: AT_ONCE }, work));
        expect(outcomes.get("ran")).toBe(CALLS);
        // A machine that has more to do than it can refuses a copy now and then because the store is slow.
        const { replayed = 0, replay_unavailable: unanswered = 0 } = Object.fromEntries(outcomes);
        expect(replayed + unanswered).toBe(CALLS * (COPIES - 1));
        expect(replayed).toBeGreaterThan(CALLS * (COPIES - 1) * 0.99);
        expect(await replicas.runs()).toBe(CALLS);
      } finally {
        replicas.stop();
      }
    }, 240_000);

    it("run as many of 200 calls at once as the registry's limits say", async () => {
      const limits = { maxCalls: 37, windowSeconds: 3600 };
      const replicas = await Replicas.start(kind, service.url, limits);
      try {
        await setTimeout(NEW_STORE_MS);
        const bodies = await Promise.all(Array.from({ length: 200 }, (_, call) => replicas.sign(call)));
        const answers = await Promise.all(bodies.map((body) => replicas.send(body)));
        const counted = (wanted: string): number =>
          answers.filter(({ outcome }) => outcome === wanted).length;
        expect({ ran: counted("ran"), limited: counted("rate_limited") }).toEqual({ ran: 37, limited: 163 });
        expect(await replicas.runs()).toBe(37);
      } finally {
        replicas.stop();
      }
    });
  });
});

async function startDatabase(): Promise<Service> {
  const server = await startPostgres();
  const pool = new Pool({ connectionString: server.url, connectionTimeoutMillis: 1000 });
  await migratePostgresReplayStore(pool);
  await pool.end();
  return server;
}
