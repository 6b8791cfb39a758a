import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startRedisCluster } from "../../../scripts/services/redis.mjs";
import type { RedisClusterNodes, RedisServer } from "../../../scripts/services/redis.mjs";
import { BUCKETS } from "../../../src/replay/redis/keyspace.js";
import { claim, isInstalled, LIBRARIES, NEEDS_SERVER, newPrefix, Stand } from "./support/stand.js";

const RETURN = { timeout: 6000, interval: 20 };
const TAGS = Array.from({ length: BUCKETS }, (_, bucket) => `{${String(bucket).padStart(2, "0")}}`);
const KEYS = Array.from({ length: 40 }, (_, index) => `ed25519:signer ${index}` as const);

let fresh = 0;

describe.skipIf(!isInstalled)(`the Redis store on a Cluster ${NEEDS_SERVER}`, () => {
  const stand = new Stand();
  let cluster: RedisClusterNodes;
  beforeAll(async () => {
    cluster = await startRedisCluster({
      args: ["--appendonly", "yes", "--cluster-require-full-coverage", "no"],
    });
  });
  afterAll(async () => {
    await stand.clear();
    await cluster.stop();
  });

  it.each(LIBRARIES)(
    "refuses for a node that is gone, serves on the others, and on all when it is back (%s)",
    async (library) => {
      const client = await stand.clusterClient(library, cluster.ports);
      const store = await stand.open(client, { keyPrefix: newPrefix() });
      for (const key of KEYS) expect(await claim(store, "n", { key })).toBe("claimed");
      for (const node of cluster.nodes) expect(Number(await node.cli("DBSIZE"))).toBeGreaterThan(5);
      const [node] = cluster.nodes;
      await node?.kill();
      const outcomes = await Promise.all(KEYS.map((key) => claim(store, "while it is gone", { key })));
      expect(new Set(outcomes)).toEqual(new Set(["claimed", "replay_unavailable"]));
      await node?.restart();
      for (const key of KEYS) {
        await expect.poll(() => claim(store, `fresh ${fresh++}`, { key }), RETURN).toBe("claimed");
        expect(await claim(store, "n", { key })).toBe("replayed");
      }
    },
  );

  it.each(LIBRARIES)(
    "follows buckets that are moved to another node, and forgets nothing by it (%s)",
    async (library) => {
      const client = await stand.clusterClient(library, cluster.ports);
      const store = await stand.open(client, { keyPrefix: newPrefix() });
      const issuedAtMs = Date.now();
      for (const key of KEYS) expect(await claim(store, "n", { key, issuedAtMs })).toBe("claimed");
      for (const tag of TAGS.slice(0, 8)) {
        const move = { isDone: false };
        const during = async (): Promise<void> => {
          do {
            const again = await Promise.all(KEYS.map((key) => claim(store, "n", { key, issuedAtMs })));
            expect(again).not.toContain("claimed");
          } while (!move.isDone);
        };
        const moveOn = async (): Promise<void> => {
          await moveSlot(cluster.nodes, tag);
          move.isDone = true;
        };
        await Promise.all([during(), moveOn()]);
      }
      for (const key of KEYS) {
        await expect.poll(() => claim(store, `fresh ${fresh++}`, { key }), RETURN).toBe("claimed");
        expect(await claim(store, "n", { key, issuedAtMs })).toBe("replayed");
      }
    },
  );
});

/** Moves the slot of a hash tag from the node that has it to the next. */
async function moveSlot(nodes: readonly RedisServer[], tag: string): Promise<void> {
  const [first] = nodes;
  const slot = (await first?.cli("CLUSTER", "KEYSLOT", tag)) ?? "";
  const owners = await Promise.all(nodes.map((node) => node.cli("CLUSTER", "COUNTKEYSINSLOT", slot)));
  const at = owners.findIndex((count) => count !== "0");
  const [from, to] = [nodes[at], nodes[(at + 1) % nodes.length]];
  if (from === undefined || to === undefined) throw new Error(`no node has the slot ${slot}`);
  const [fromId, toId] = [await from.cli("CLUSTER", "MYID"), await to.cli("CLUSTER", "MYID")];
  await to.cli("CLUSTER", "SETSLOT", slot, "IMPORTING", fromId);
  await from.cli("CLUSTER", "SETSLOT", slot, "MIGRATING", toId);
  for (;;) {
    const keys = (await from.cli("CLUSTER", "GETKEYSINSLOT", slot, "10"))
      .split("\n")
      .filter((key) => key !== "");
    if (keys.length === 0) break;
    await from.cli("MIGRATE", "127.0.0.1", String(to.port), "", "0", "5000", "KEYS", ...keys);
  }
  for (const node of [to, from]) await node.cli("CLUSTER", "SETSLOT", slot, "NODE", toId);
}
