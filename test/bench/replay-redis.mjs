/**
 * Bench of the Redis store with ioredis and with node-redis, by turns with the bare client on the same server: a pipelined
 * `SET NX PX` a claim. 1 and 64 callers, at 1 k and 1 M live nonces.
 */
import { createHash } from "node:crypto";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { startRedis } from "../../scripts/services/redis.mjs";
import { createRedisReplayStore } from "../../dist/replay/redis/index.js";
import { fill } from "./claim-load.mjs";
import { byTurns, SIZES } from "./replay-turns.mjs";

export async function benchReplayRedis() {
  const rows = [];
  for (const { live, name } of SIZES) {
    const server = await startRedis();
    const clients = await connect(server);
    try {
      const stores = {};
      for (const [library, { client }] of Object.entries(clients)) {
        const keyPrefix = `${library}:`;
        stores[library] = await createRedisReplayStore({
          client,
          keyPrefix,
          clockSkewMs: 0,
          perSignerShare: 10_000_000,
        });
      }
      const before = await usedMemory(server);
      await fill((...nonce) => stores.ioredis.claim(...nonce), live);
      if (live >= 1_000_000) {
        const value = ((await usedMemory(server)) - before) / live;
        rows.push({
          name: `Redis store: memory, ${name} live`,
          value,
          unit: "B/nonce",
          target: { atMost: 160 },
        });
      }
      for (const [library, { bare }] of Object.entries(clients)) {
        const own = (...nonce) => stores[library].claim(...nonce);
        const title = (load) => `Redis store, ${library}: ${load}, ${name} live`;
        rows.push(...(await byTurns(title, own, bare, { atLeast: 0.85 })));
      }
    } finally {
      for (const { close } of Object.values(clients)) close();
      await server.stop();
    }
  }
  return rows;
}

async function connect({ port, url }) {
  const one = new Redis({ port, enableOfflineQueue: false, maxRetriesPerRequest: 0, lazyConnect: true });
  await one.connect();
  const other = await createClient({ url, disableOfflineQueue: true }).connect();
  return {
    ioredis: {
      client: one,
      bare: bareClaim((id, ms) => one.set(id, "1", "PX", ms, "NX")),
      close: () => one.disconnect(),
    },
    "node-redis": {
      client: other,
      bare: bareClaim((id, ms) => other.sendCommand(["SET", id, "1", "PX", String(ms), "NX"])),
      close: () => other.destroy(),
    },
  };
}

/** What everybody writes first. Both clients send what comes in one turn of the loop as one pipeline. */
function bareClaim(set) {
  return async (key, nonce, expiresAtMs) => {
    const id = createHash("sha256").update(key).update("\0").update(nonce).digest("base64url");
    return (await set(`bare:${id}`, expiresAtMs - Date.now())) === "OK" ? "claimed" : "replayed";
  };
}

async function usedMemory(server) {
  const info = await server.cli("INFO", "memory");
  return Number(/^used_memory:(\d+)/m.exec(info)[1]);
}
