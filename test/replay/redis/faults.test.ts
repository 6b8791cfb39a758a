import { afterEach, describe, expect, it } from "vitest";
import { startReplicatedRedis } from "../../../scripts/services/redis.mjs";
import { delay } from "../../../src/lib/delay.js";
import type { RedisReplayStore } from "../../../src/replay/redis/index.js";
import { readOptions } from "../../../src/replay/redis/options.js";
import { openStore } from "../../../src/replay/redis/store.js";
import { ageMarkers, claim, isInstalled, LIBRARIES, NEEDS_SERVER, outcome, Stand } from "./support/stand.js";

/** Threefold what the service may take to come back. */
const RETURN = { timeout: 6000, interval: 20 };

let fresh = 0;

/** Says what a promise has come to, or that it has not yet. */
async function soon(promise: Promise<unknown>, ms = 300): Promise<unknown> {
  return await Promise.race([promise, delay(ms).then(() => "pending")]);
}

describe.skipIf(!isInstalled).each(LIBRARIES)(`the Redis store over %s ${NEEDS_SERVER}`, (library) => {
  const stand = new Stand();
  afterEach(() => stand.clear());

  const backInService = async (store: RedisReplayStore): Promise<void> => {
    await expect.poll(() => claim(store, `fresh ${fresh++}`), RETURN).toBe("claimed");
  };

  it("refuses while the server is gone, and serves again by itself", async () => {
    const server = await stand.server(["--appendonly", "yes"]);
    const store = await stand.open(await stand.client(library, server.port));
    expect(await claim(store, "n")).toBe("claimed");
    await server.kill();
    expect(await claim(store, "m")).toBe("replay_unavailable");
    expect(await outcome(store.charge([{ id: "r", max: 1, windowMs: 1000 }]))).toBe("replay_unavailable");
    await expect.poll(() => store.health().ready).toBe(false);
    await server.restart();
    await backInService(store);
    expect(store.health()).toMatchObject({ ready: true });
    expect(await claim(store, "n")).toBe("replayed");
  });

  it("lets no nonce be claimed twice around a time in which the server was frozen", async () => {
    const server = await stand.server();
    const store = await stand.open(await stand.client(library, server.port));
    server.freeze();
    const held = Array.from({ length: 200 }, (_, index) => claim(store, `held ${index % 100}`));
    expect(await soon(Promise.race(held))).toBe("pending");
    await delay(800);
    expect(store.health().ready).toBe(false);
    server.thaw();
    await backInService(store);
    const outcomes = await Promise.all(held);
    expect(outcomes.filter((one) => one === "claimed")).toHaveLength(100);
    expect(outcomes.filter((one) => one === "replayed")).toHaveLength(100);
    expect(await claim(store, "held 7")).toBe("replayed");
    expect(store.health().ready).toBe(true);
  });

  it("refuses when the server has no memory left, says a replay is one even then, and burns nothing", async () => {
    const server = await stand.server();
    const store = await stand.open(await stand.client(library, server.port));
    expect(await claim(store, "n")).toBe("claimed");
    await server.cli("CONFIG", "SET", "maxmemory", "100kb");
    const claims = Array.from({ length: 50 }, (_, index) => claim(store, `m${index}`));
    expect(new Set(await Promise.all(claims))).toEqual(new Set(["replay_full"]));
    expect(store.health().ready).toBe(false);
    expect(await claim(store, "n")).toBe("replayed");
    expect(await outcome(store.charge([{ id: "r", max: 1, windowMs: 1000 }]))).toBe("replay_unavailable");
    await server.cli("CONFIG", "SET", "maxmemory", "0");
    for (let index = 0; index < 50; index++) expect(await claim(store, `m${index}`)).toBe("claimed");
    expect(await store.charge([{ id: "r", max: 1, windowMs: 1000 }])).toBe("charged");
  });

  it.each(["yes", "no"])("refuses on what became a replica (replica-read-only %s)", async (readOnly) => {
    const { primary, replica } = stand.add(await startReplicatedRedis(), (servers) => servers.stop());
    const store = await stand.open(await stand.client(library, primary.port));
    expect(await claim(store, "n")).toBe("claimed");
    await primary.cli("CONFIG", "SET", "replica-read-only", readOnly);
    await replica.cli("REPLICAOF", "NO", "ONE");
    await primary.cli("REPLICAOF", "127.0.0.1", String(replica.port));
    await expect.poll(() => primary.cli("INFO", "replication"), RETURN).toContain("master_link_status:up");
    expect(await claim(store, "m")).toBe("replay_unavailable");
  });

  it("counts a claim as taken whose reply was cut off", async () => {
    const server = await stand.server();
    const proxy = await stand.proxy(server.port);
    const store = await stand.open(await stand.client(library, proxy.port));
    expect(await claim(store, "first")).toBe("claimed");
    proxy.cutNextReply();
    expect(await claim(store, "n")).toBe("replay_unavailable");
    await backInService(store);
    expect(await claim(store, "n")).toBe("replayed");
  });

  it("counts a charge as made whose reply was cut off", async () => {
    const server = await stand.server();
    const proxy = await stand.proxy(server.port);
    const store = await stand.open(await stand.client(library, proxy.port));
    const charges = [{ id: "r", max: 2, windowMs: 600_000 }];
    expect(await store.charge(charges)).toBe("charged");
    proxy.cutNextReply();
    expect(await outcome(store.charge(charges))).toBe("replay_unavailable");
    await backInService(store);
    expect(await store.charge(charges)).toEqual({ exhausted: "r" });
  });

  it("waits for a slow server, and has one winner all the same", async () => {
    const server = await stand.server();
    const proxy = await stand.proxy(server.port);
    const store = await stand.open(await stand.client(library, proxy.port));
    proxy.delayMs = 1000;
    const held = [claim(store, "n")];
    expect(await soon(Promise.race(held), 100)).toBe("pending");
    held.push(claim(store, "n"));
    expect(await Promise.all(held)).toEqual(["claimed", "replayed"]);
  });

  it("refuses while the clocks are too far apart, and burns nothing by it", async () => {
    const server = await stand.server();
    let offMs = 0;
    const client = await stand.client(library, server.port);
    const store = await stand.open(client, { clock: () => Date.now() + offMs, clockSkewMs: 30_000 });
    await ageMarkers(server);
    for (offMs of [-61_000, 61_000, Number.NaN]) {
      expect(await claim(store, "n")).toBe("replay_unavailable");
    }
    offMs = 0;
    expect(await claim(store, "n")).toBe("claimed");
  });

  it("refuses a receipt that is dated too far ahead of the server's clock, whatever the host's says", async () => {
    const server = await stand.server();
    const client = await stand.client(library, server.port);
    const store = await stand.open(client, { clock: () => Date.now() + 50_000, clockSkewMs: 60_000 });
    await ageMarkers(server);
    expect(await claim(store, "n", { issuedAtMs: Date.now() + 61_000 })).toBe("replay_unavailable");
    expect(await claim(store, "n", { issuedAtMs: Date.now() + 59_000 })).toBe("claimed");
  });

  it("notices when the server is set to drop keys, and when that is over", async () => {
    const server = await stand.server();
    const client = await stand.client(library, server.port);
    const settings = readOptions({ client, clockSkewMs: 0 });
    const store = await openStore(settings, { rightMs: 0, wrongMs: 0 });
    expect(await claim(store, "n")).toBe("claimed");
    await server.cli("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
    await expect.poll(() => claim(store, `m${fresh++}`), RETURN).toBe("replay_unavailable");
    expect(store.health().ready).toBe(false);
    expect(store.health().problem).toContain("redis-cli CONFIG SET maxmemory-policy noeviction");
    expect(await outcome(store.charge([{ id: "r", max: 1, windowMs: 1000 }]))).toBe("replay_unavailable");
    await server.cli("CONFIG", "SET", "maxmemory-policy", "noeviction");
    await backInService(store);
    expect(store.health()).toMatchObject({ ready: true });
  });

  it("gives up within a second what is not answered when it is closed, and leaves the client open", async () => {
    const server = await stand.server();
    const client = await stand.client(library, server.port);
    const store = await stand.open(client);
    const answered = claim(store, "answered");
    server.freeze();
    const held = claim(store, "held");
    const charge = outcome(store.charge([{ id: "r", max: 1, windowMs: 1000 }]));
    const before = performance.now();
    await store.close();
    expect(performance.now() - before).toBeLessThan(2000);
    expect([await held, await charge]).toEqual(["replay_unavailable", "replay_unavailable"]);
    expect(["claimed", "replay_unavailable"]).toContain(await answered);
    server.thaw();
    const another = await stand.open(client);
    await backInService(another);
  });
});
