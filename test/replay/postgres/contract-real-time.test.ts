import { setTimeout as pause } from "node:timers/promises";
import { Pool } from "pg";
import { afterAll, beforeAll, describe, it } from "vitest";
import { startPostgres } from "../../../scripts/services/postgres.mjs";
import type { PostgresServer } from "../../../scripts/services/postgres.mjs";
import { replayStoreContract } from "../../../src/replay/contract.js";
import type { ReplayStoreHarness } from "../../../src/replay/contract.js";
import { createPostgresReplayStore, migratePostgresReplayStore } from "../../../src/replay/postgres/index.js";
import type { PostgresReplayStore } from "../../../src/replay/postgres/index.js";
import { endPool, isInstalled, newSchema, NEEDS_SERVER } from "./support/stand.js";

const BUCKET_MS = 5000;
/** More than any claim of a case is on its way, on a machine that has other things to do. */
const STORE_CLOCK_SKEW_MS = 600;
const CLOCK_SKEW_MS = 20;

/** On a server of the developer's own, whatever it is. Each case leaves nothing behind. */
const ownUrl = process.env["SIGNET_POSTGRES_URL"];

interface Opened {
  readonly harness: ReplayStoreHarness;
  readonly clear: () => Promise<void>;
}

function realTime(url: () => string): Opened {
  let pools: Pool[] = [];
  let schema: string | undefined;
  const openPool = (): Pool => {
    const pool = new Pool({ connectionString: url(), max: 5, connectionTimeoutMillis: 1000 });
    pools.push(pool);
    return pool;
  };
  const open = async (pool: Pool, perSignerShare?: number): Promise<PostgresReplayStore> => {
    return await createPostgresReplayStore({
      pool,
      ...(schema === undefined ? {} : { schema }),
      clockSkewMs: CLOCK_SKEW_MS,
      storeClockSkewMs: STORE_CLOCK_SKEW_MS,
      ...(perSignerShare === undefined ? {} : { perSignerShare }),
    });
  };
  const clear = async (): Promise<void> => {
    if (schema !== undefined) await openPool().query(`DROP SCHEMA ${schema} CASCADE`);
    schema = undefined;
    await Promise.all(pools.map(endPool));
    pools = [];
  };
  const harness: ReplayStoreHarness = {
    open: async ({ perSignerShare }) => {
      await clear();
      schema = newSchema();
      const pool = openPool();
      await migratePostgresReplayStore(pool, { schema });
      // What is signed within the skew after the first migration is refused.
      await pause(CLOCK_SKEW_MS * 2);
      return await open(pool, perSignerShare);
    },
    openAgain: () => open(openPool()),
    now: Date.now,
    advance: (ms) => pause(ms),
    pinned: false,
    keptLongerMs: STORE_CLOCK_SKEW_MS + BUCKET_MS,
    limited: "share",
    counts: true,
  };
  return { harness, clear };
}

/**
 * The cases of the contract, each on tables of its own: most of them wait for something to expire, so they wait at the same time.
 */
function cases(url: () => string): { name: string; run: () => Promise<void> }[] {
  return replayStoreContract(realTime(url).harness).map(({ name }, index) => {
    const run = async (): Promise<void> => {
      const { harness, clear } = realTime(url);
      try {
        await replayStoreContract(harness)[index]?.run();
      } finally {
        await clear();
      }
    };
    return { name, run };
  });
}

describe.skipIf(!isInstalled)(`the PostgreSQL store holds the contract, in real time ${NEEDS_SERVER}`, () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  it.concurrent.each(cases(() => server.url))("$name", ({ run }) => run());
});

describe.skipIf(ownUrl === undefined)(
  "the PostgreSQL store holds the contract on a server of yours (skipped unless SIGNET_POSTGRES_URL is set)",
  () => {
    it.concurrent.each(cases(() => ownUrl ?? ""))("$name", ({ run }) => run());
  },
);
