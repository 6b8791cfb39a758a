import { afterEach, describe, expect, it } from "vitest";
import { startReplicatedRedis } from "../../../scripts/services/redis.mjs";
import { delay } from "../../../src/lib/delay.js";
import type { RedisReplayStore } from "../../../src/replay/redis/index.js";
import { ageMarkers, claim, isInstalled, NEEDS_SERVER, Stand } from "./support/stand.js";

const RETURN = { timeout: 6000, interval: 20 };

/** A receipt that was accepted before a loss may be dated ahead by so much. */
const SKEW_MS = 500;

let fresh = 0;

describe.skipIf(!isInstalled)(`a Redis store that has lost data ${NEEDS_SERVER}`, () => {
  const stand = new Stand();
  afterEach(() => stand.clear());

  /** A store that has been in use for long, on a server that is started with `args`. */
  async function inUse(args: readonly string[] = [], options = { clockSkewMs: SKEW_MS }) {
    const server = await stand.server(args);
    const store = await stand.open(await stand.ioredis(server.port), options);
    await ageMarkers(server);
    return { server, store };
  }

  /** Waits until the server is back and has found out what it lost. */
  const answered = async (store: RedisReplayStore): Promise<void> => {
    const claimOld = (): Promise<unknown> => claim(store, "old", { issuedAtMs: Date.now() - 60_000 });
    await expect.poll(claimOld, RETURN).not.toBe("replay_unavailable");
  };

  const backInService = async (store: RedisReplayStore): Promise<void> => {
    await expect.poll(() => claim(store, `fresh ${fresh++}`), RETURN).toBe("claimed");
  };

  it("refuses what was dated up to the loss and the skew, after a restart without data", async () => {
    const { server, store } = await inUse();
    const issuedAtMs = Date.now() + SKEW_MS - 100;
    expect(await claim(store, "n", { issuedAtMs })).toBe("claimed");
    await server.restart();
    await answered(store);
    expect(await claim(store, "n", { issuedAtMs })).toBe("issued_before_start");
    await delay(SKEW_MS);
    expect(await claim(store, "n", { issuedAtMs })).toBe("issued_before_start");
    await backInService(store);
  });

  it("refuses what came after the snapshot from which the server was restarted", async () => {
    const { server, store } = await inUse();
    const issuedAtMs = Date.now();
    expect(await claim(store, "before", { issuedAtMs })).toBe("claimed");
    await server.cli("SAVE");
    expect(await claim(store, "after", { issuedAtMs })).toBe("claimed");
    await server.restart();
    await answered(store);
    expect(await claim(store, "after", { issuedAtMs })).toBe("issued_before_start");
    expect(await claim(store, "before", { issuedAtMs })).not.toBe("claimed");
    await backInService(store);
  });

  it("moves the marker once, whoever comes first", async () => {
    const { server, store } = await inUse();
    const other = await stand.open(await stand.ioredis(server.port), { clockSkewMs: SKEW_MS });
    await ageMarkers(server);
    await server.cli("SAVE");
    await server.restart();
    await answered(store);
    const marker = await server.cli("GET", "signet:{07}");
    await Promise.all([answered(store), answered(other)]);
    for (let turn = 0; turn < 20; turn++) await Promise.all([claim(store, "x"), claim(other, "x")]);
    expect(await server.cli("GET", "signet:{07}")).toBe(marker);
  });

  it("goes on at once after a restart from an append-only file, with the default skew", async () => {
    const { server, store } = await inUse(["--appendonly", "yes"], { clockSkewMs: 30_000 });
    const issuedAtMs = Date.now() - 1000;
    expect(await claim(store, "n", { issuedAtMs })).toBe("claimed");
    await server.restart();
    await backInService(store);
    expect(await claim(store, "n", { issuedAtMs })).toBe("replayed");
    expect(await claim(store, "signed before the restart", { issuedAtMs })).toBe("claimed");
  });

  it.each([[], ["--appendonly", "yes"]])(
    "refuses what the replica may not have got that was promoted (%s %s)",
    async (...args) => {
      const servers = stand.add(await startReplicatedRedis({ args }), (both) => both.stop());
      const { primary, replica } = servers;
      const proxy = await stand.proxy(primary.port);
      const store = await stand.open(await stand.ioredis(proxy.port), { clockSkewMs: SKEW_MS });
      await ageMarkers(primary);
      const issuedAtMs = Date.now();
      expect(await claim(store, "sent", { issuedAtMs })).toBe("claimed");
      await expect.poll(() => replica.cli("DBSIZE"), RETURN).toBe(await primary.cli("DBSIZE"));
      await replica.cli("REPLICAOF", "NO", "ONE");
      expect(await claim(store, "not sent", { issuedAtMs })).toBe("claimed");
      await primary.kill();
      proxy.targetPort = replica.port;
      await answered(store);
      expect(await claim(store, "not sent", { issuedAtMs })).toBe("issued_before_start");
      expect(await claim(store, "sent", { issuedAtMs })).not.toBe("claimed");
      await backInService(store);
    },
  );

  it("refuses it too on a server that is promoted again, with the scripts still in its memory", async () => {
    const servers = stand.add(await startReplicatedRedis(), (both) => both.stop());
    const [first, second] = [servers.primary, servers.replica];
    const proxy = await stand.proxy(first.port);
    const store = await stand.open(await stand.ioredis(proxy.port), { clockSkewMs: SKEW_MS });
    await ageMarkers(first);
    const issuedAtMs = Date.now();
    expect(await claim(store, "n", { issuedAtMs })).toBe("claimed");
    await second.cli("REPLICAOF", "NO", "ONE");
    await first.cli("REPLICAOF", "127.0.0.1", String(second.port));
    await expect.poll(() => first.cli("INFO", "replication"), RETURN).toContain("master_link_status:up");
    proxy.targetPort = second.port;
    proxy.drop();
    await backInService(store);
    await expect.poll(() => first.cli("DBSIZE"), RETURN).toBe(await second.cli("DBSIZE"));
    await first.cli("REPLICAOF", "NO", "ONE");
    const later = Date.now() + SKEW_MS - 100;
    await delay(SKEW_MS);
    expect(await claim(store, "not sent", { issuedAtMs: later })).toBe("claimed");
    proxy.targetPort = first.port;
    proxy.drop();
    await answered(store);
    expect(await claim(store, "not sent", { issuedAtMs: later })).toBe("issued_before_start");
    await backInService(store);
  });

  it("refuses what was dated before its data were flushed while it was in use", async () => {
    const { server, store } = await inUse();
    const issuedAtMs = Date.now();
    expect(await claim(store, "n", { issuedAtMs })).toBe("claimed");
    await server.cli("FLUSHALL");
    expect(await claim(store, "n", { issuedAtMs })).toBe("issued_before_start");
    expect(await claim(store, "never seen", { issuedAtMs })).toBe("issued_before_start");
    await backInService(store);
  });

  it("has lost nothing when only the scripts were flushed, or a first replica was attached", async () => {
    const { server, store } = await inUse();
    const issuedAtMs = Date.now() - 1000;
    expect(await claim(store, "n", { issuedAtMs })).toBe("claimed");
    await server.cli("SCRIPT", "FLUSH");
    expect(await claim(store, "n", { issuedAtMs })).toBe("replayed");
    expect(await claim(store, "m", { issuedAtMs })).toBe("claimed");
    const id = await server.cli("INFO", "replication");
    const replica = await stand.server(["--replicaof", "127.0.0.1", String(server.port)]);
    await expect.poll(() => server.cli("INFO", "replication"), RETURN).toContain("connected_slaves:1");
    expect(await server.cli("INFO", "replication")).not.toContain(/master_replid:\w+/.exec(id)?.[0]);
    expect(await claim(store, "n", { issuedAtMs })).toBe("replayed");
    expect(await claim(store, "o", { issuedAtMs })).toBe("claimed");
    await replica.kill();
  });
});
