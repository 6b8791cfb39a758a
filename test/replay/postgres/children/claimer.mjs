// Claims nonces as one of several processes: `node claimer.mjs URL SCHEMA NONCES COPIES`. Says "ready", waits for a line, and then
// says for each nonce how many of its claims came to what, as JSON.
import { once } from "node:events";
import { Pool } from "pg";
import { createPostgresReplayStore } from "signet-mcp/replay/postgres";

const [url, schema, nonces, copies] = process.argv.slice(2);
const SIGNERS = 16;
const AT_ONCE = 25;

const pool = new Pool({ connectionString: url, max: 5, connectionTimeoutMillis: 1000 });
const store = await createPostgresReplayStore({ pool, schema, clockSkewMs: 0 });
process.stdout.write("ready\n");
await once(process.stdin, "data");
process.stdin.destroy();

const order = Array.from({ length: Number(nonces) }, (_, index) => index).sort(() => Math.random() - 0.5);
const results = {};
const work = async () => {
  for (let index = order.pop(); index !== undefined; index = order.pop()) {
    const now = Date.now();
    const claim = () => store.claim(`ed25519:${index % SIGNERS}`, `nonce ${index}`, now + 300_000, now);
    const outcomes = await Promise.all(
      Array.from({ length: Number(copies) }, () =>
        claim().catch((error) => `${error.code}: ${error.message}`),
      ),
    );
    results[index] = outcomes;
  }
};
await Promise.all(Array.from({ length: AT_ONCE }, work));
await store.close();
await pool.end();
process.stdout.write(`${JSON.stringify(results)}\n`);
