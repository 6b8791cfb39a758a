/** Bench of whole calls over HTTP to a guarded server with each replay store, by turns with the one in memory. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { Pool } from "pg";
import { startPostgres } from "../../scripts/services/postgres.mjs";
import { startRedis } from "../../scripts/services/redis.mjs";
import { migratePostgresReplayStore } from "../../dist/replay/postgres/index.js";
import { HttpBench } from "./http.mjs";
import { median, percentile } from "./statistics.mjs";

const NAMES = {
  guarded: "memory",
  "guarded-file": "file",
  "guarded-redis": "Redis",
  "guarded-postgres": "PostgreSQL",
};
const MODES = Object.keys(NAMES);
const WARM_UP_CALLS = 1000;
const ROUNDS = 7;
const CALLS = 1000;
/** A store in Redis or PostgreSQL that was never used refuses what is dated up to 30 s after its first use. */
const NEW_STORE_MS = 31_000;

export async function benchHttpStores() {
  const folder = await mkdtemp(join(tmpdir(), "signet-bench-"));
  const [redis, postgres] = [await startRedis(), await startPostgres()];
  const env = { SIGNET_HOME: folder, SIGNET_REDIS_URL: redis.url, SIGNET_POSTGRES_URL: postgres.url };
  let bench;
  try {
    await migrate(postgres.url);
    bench = await HttpBench.start(folder, MODES, env);
    await setTimeout(NEW_STORE_MS);
    for (const mode of MODES) await bench.load(mode, WARM_UP_CALLS);
    return rowsOf(await bench.rounds(MODES, ROUNDS, CALLS));
  } finally {
    bench?.stop();
    await redis.stop();
    await postgres.stop();
    await rm(folder, { recursive: true });
  }
}

async function migrate(connectionString) {
  const pool = new Pool({ connectionString, connectionTimeoutMillis: 1000 });
  await migratePostgresReplayStore(pool);
  await pool.end();
}

function rowsOf(rounds) {
  return MODES.flatMap((mode) => [
    {
      name: `HTTP calls, guarded, nonces in ${NAMES[mode]}`,
      value: median(rounds.map((round) => round[mode].callsPerSecond)),
      unit: "calls/s",
      share: median(rounds.map((round) => round[mode].callsPerSecond / round.guarded.callsPerSecond)),
    },
    {
      name: `p99 of these, ${NAMES[mode]}`,
      value: median(rounds.map((round) => percentile(round[mode].latencies, 99))),
      unit: "ms",
    },
  ]);
}
