// Claims each of NONCES nonces COPIES times at once, and prints what came of it: `node claimer.mjs PORT NONCES COPIES`.
import { once } from "node:events";
import { Redis } from "ioredis";
import { createRedisReplayStore } from "signet-mcp/replay/redis";

const [port, nonces, copies] = process.argv.slice(2).map(Number);
const client = new Redis({ port, host: "127.0.0.1", enableOfflineQueue: false, maxRetriesPerRequest: 0 });
await once(client, "ready");
const replay = await createRedisReplayStore({ client, clockSkewMs: 0 });
process.stdout.write("ready\n");
await once(process.stdin, "data");
const now = Date.now();
const outcomes = {};
await Promise.all(
  Array.from({ length: nonces * copies }, async (_, index) => {
    const nonce = `nonce ${index % nonces}`;
    const outcome = await replay.claim("ed25519:alice", nonce, now + 60_000, now);
    (outcomes[nonce] ??= []).push(outcome);
  }),
);
process.stdout.write(`${JSON.stringify(outcomes)}\n`);
await replay.close();
client.disconnect();
process.stdin.destroy();
