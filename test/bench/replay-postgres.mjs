/**
 * Bench of the PostgreSQL store, by turns with the bare client on the same server: an `INSERT … ON CONFLICT DO NOTHING` a claim over a
 * pool of ten. 1 and 64 callers, at 1 k and 1 M live nonces.
 */
import { createHash } from "node:crypto";
import { Pool } from "pg";
import { startPostgres } from "../../scripts/services/postgres.mjs";
import { createPostgresReplayStore, migratePostgresReplayStore } from "../../dist/replay/postgres/index.js";
import { fill } from "./claim-load.mjs";
import { byTurns, SIZES } from "./replay-turns.mjs";

export async function benchReplayPostgres() {
  const rows = [];
  for (const { live, name } of SIZES) {
    const server = await startPostgres();
    const pool = new Pool({ connectionString: server.url, max: 10, connectionTimeoutMillis: 1000 });
    try {
      await migratePostgresReplayStore(pool);
      const store = await createPostgresReplayStore({ pool, clockSkewMs: 0, perSignerShare: 10_000_000 });
      await pool.query("CREATE TABLE bare (id bytea PRIMARY KEY, expires_at bigint NOT NULL)");
      const own = (...nonce) => store.claim(...nonce);
      await fill(own, live);
      if (live >= 1_000_000) {
        const value = (await tableBytes(pool)) / live;
        rows.push({ name: `PostgreSQL store: disk, ${name} live`, value, unit: "B/nonce" });
      }
      const title = (load) => `PostgreSQL store: ${load}, ${name} live`;
      rows.push(...(await byTurns(title, own, bareClaim(pool), { atLeastPerSecond: 15_000 })));
      await store.close();
    } finally {
      await pool.end();
      await server.stop();
    }
  }
  return rows;
}

function bareClaim(pool) {
  return async (key, nonce, expiresAtMs) => {
    const id = createHash("sha256").update(key).update("\0").update(nonce).digest();
    const text = "INSERT INTO bare VALUES ($1, $2) ON CONFLICT DO NOTHING";
    const { rowCount } = await pool.query({ name: "claim", text, values: [id, expiresAtMs] });
    return rowCount === 1 ? "claimed" : "replayed";
  };
}

async function tableBytes(pool) {
  const { rows } = await pool.query(
    "SELECT sum(pg_total_relation_size(c.oid)) AS bytes FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'signet' AND c.relkind = 'r'",
  );
  return Number(rows[0].bytes);
}
