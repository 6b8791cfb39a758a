import { afterAll, afterEach, describe, expect, it } from "vitest";
import { Redis } from "ioredis";
import { createClient, createClientPool, createCluster, createSentinel } from "redis";
import { freePort } from "../../../scripts/services/free-port.mjs";
import { startRedisCluster, startReplicatedRedis } from "../../../scripts/services/redis.mjs";
import { OptionError, ReplayStoreError } from "../../../src/errors.js";
import { createRedisReplayStore } from "../../../src/replay/redis/index.js";
import type { RedisReplayClient, RedisReplayStoreOptions } from "../../../src/replay/redis/index.js";
import { isInstalled, LIBRARIES, NEEDS_SERVER, Stand } from "./support/stand.js";

const SENTINEL = { name: "mymaster", sentinelRootNodes: [{ host: "127.0.0.1", port: 26379 }] };

async function failureOf(
  client: RedisReplayClient,
  options: Partial<RedisReplayStoreOptions> = {},
): Promise<ReplayStoreError> {
  try {
    await createRedisReplayStore({ client, ...options });
  } catch (error) {
    if (error instanceof ReplayStoreError) return error;
    throw error;
  }
  throw new Error("the store was opened");
}

describe("the Redis store", () => {
  const client = { isOpen: false, isReady: false, sendCommand: () => Promise.resolve() };

  it.each([
    ["no client", {}, "missing_option"],
    ["a client of no library that is known", { client: {} }, "invalid_option"],
    ["a pool of clients", { client: createClientPool() }, "invalid_option"],
    ["a client of a sentinel", { client: createSentinel(SENTINEL) }, "invalid_option"],
    ["a URL for a client", { client: "redis://127.0.0.1" }, "invalid_option"],
    ["an option that there is not", { client, capacity: 1 }, "unknown_option"],
    ["a share of nothing", { client, perSignerShare: 0 }, "invalid_option"],
    ["a negative skew", { client, clockSkewMs: -1 }, "invalid_option"],
    ["no room for clocks to differ", { client, storeClockSkewMs: 0 }, "invalid_option"],
    ["a clock that tells no time", { client, clock: () => Number.NaN }, "invalid_option"],
    ["a prefix with braces", { client, keyPrefix: "a{b}:" }, "invalid_option"],
    ["a prefix with blanks", { client, keyPrefix: "a b" }, "invalid_option"],
  ])("does not take %s", async (_, options, code) => {
    const made: Promise<unknown> = Reflect.apply(createRedisReplayStore, undefined, [options]);
    await expect(made).rejects.toSatisfy((error) => error instanceof OptionError && error.code === code);
  });
});

describe.skipIf(!isInstalled)(`the Redis store does not start ${NEEDS_SERVER}`, () => {
  const stand = new Stand();
  afterEach(() => stand.clear());

  it("with a client that is not connected, and says how to connect it", async () => {
    const { port } = await stand.server();
    const lazy = stand.rawIoredis(port, { lazyConnect: true, enableOfflineQueue: false });
    const ended = stand.rawIoredis(port);
    ended.disconnect();
    await expect.poll(() => ended.status).toBe("end");
    const unopened = createClient({ socket: { port }, disableOfflineQueue: true });
    const cluster = createCluster({ rootNodes: [{ socket: { port } }] });
    for (const client of [lazy, ended, unopened, cluster]) {
      const failure = await failureOf(client);
      expect(failure.code).toBe("replay_misconfigured");
      expect(failure.message).toContain("await client.connect()");
    }
  });

  it("with a client that queues while it is offline or sends twice, and says what to set", async () => {
    const { port } = await stand.server();
    const queueing = stand.rawIoredis(port);
    const sendingTwice = stand.rawIoredis(port, { enableOfflineQueue: false });
    const opened = await createClient({ socket: { port } }).connect();
    stand.add(opened, () => {
      opened.destroy();
    });
    for (const [client, wanted] of [
      [queueing, "new Redis({ enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: 1000 })"],
      [
        sendingTwice,
        "new Redis({ enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: 1000 })",
      ],
      [opened, "createClient({ disableOfflineQueue: true })"],
    ] as const) {
      const failure = await failureOf(client);
      expect(failure.code).toBe("replay_misconfigured");
      expect(failure.message).toContain(wanted);
    }
  });

  it("with a cluster client that queues or sends twice, and says what to set", async () => {
    const { ports } = stand.add(await startRedisCluster(), (cluster) => cluster.stop());
    const nodes = ports.map((port) => ({ port, host: "127.0.0.1" }));
    const queueing = new Redis.Cluster(nodes);
    const sendingTwice = new Redis.Cluster(nodes, { enableOfflineQueue: false });
    const opened = createCluster({ rootNodes: ports.map((port) => ({ url: `redis://127.0.0.1:${port}` })) });
    await opened.connect();
    stand.add(opened, () => {
      queueing.disconnect();
      sendingTwice.disconnect();
      opened.destroy();
    });
    for (const [client, wanted] of [
      [queueing, "enableOfflineQueue: false"],
      [sendingTwice, "retryDelayOnFailover: 0"],
      [opened, "defaults: { disableOfflineQueue: true }"],
    ] as const) {
      const failure = await failureOf(client);
      expect(failure.code).toBe("replay_misconfigured");
      expect(failure.message).toContain(wanted);
    }
  });

  it.each(LIBRARIES)(
    "on a server that drops keys when it is full (%s), and says what to run",
    async (library) => {
      const server = await stand.server(["--maxmemory", "100mb", "--maxmemory-policy", "volatile-lru"]);
      const failure = await failureOf(await stand.client(library, server.port));
      expect(failure.code).toBe("replay_misconfigured");
      expect(failure.message).toContain("redis-cli CONFIG SET maxmemory-policy noeviction");
      await server.cli("CONFIG", "SET", "maxmemory-policy", "noeviction");
      await stand.open(await stand.client(library, server.port));
    },
  );

  it("on a replica", async () => {
    const { replica } = stand.add(await startReplicatedRedis(), (servers) => servers.stop());
    const failure = await failureOf(await stand.ioredis(replica.port));
    expect(failure.code).toBe("replay_misconfigured");
    expect(failure.message).toContain("primary");
  });

  it.each([-61_000, 61_000])("with a clock that is %i ms off the server's", async (offMs) => {
    const client = await stand.ioredis((await stand.server()).port);
    const failure = await failureOf(client, { clock: () => Date.now() + offMs });
    expect(failure.code).toBe("replay_misconfigured");
    expect(failure.message).toContain("NTP");
    await stand.open(client, { clock: () => Date.now() + offMs, storeClockSkewMs: 62_000 });
  });

  it("as a user who may not run INFO, and says which permission that is", async () => {
    const server = await stand.server();
    await server.cli("ACL", "SETUSER", "app", "on", ">secret", "~*", "+@all", "-info");
    const client = await stand.ioredis(server.port, { username: "app", password: "secret" });
    const failure = await failureOf(client);
    expect(failure.code).toBe("replay_misconfigured");
    expect(failure.message).toContain("+info");
    expect(failure.message).not.toContain("secret");
  });

  it("with a client whose keyPrefix decides where keys are", async () => {
    const client = await stand.ioredis((await stand.server()).port, { keyPrefix: "{app}:" });
    const failure = await failureOf(client);
    expect(failure.code).toBe("replay_misconfigured");
    expect(failure.message).toContain("keyPrefix");
  });
});

describe.skipIf(!isInstalled)(`the Redis store starts ${NEEDS_SERVER}`, () => {
  const stand = new Stand();
  afterEach(() => stand.clear());

  it("with a user who may run no more than it says it needs", async () => {
    const server = await stand.server();
    const { COMMANDS } = await import("../../../src/replay/redis/faults.js");
    await server.cli("ACL", "SETUSER", "app", "on", ">secret", "~signet:*", ...COMMANDS.split(" "));
    const client = await stand.ioredis(server.port, { username: "app", password: "secret" });
    const store = await stand.open(client, { perSignerShare: 1 });
    const now = Date.now();
    expect(await store.claim("ed25519:a", "n", now + 1000, now)).toBe("claimed");
    await expect(store.claim("ed25519:a", "m", now + 1000, now)).rejects.toMatchObject({
      code: "replay_full",
    });
    const charges = [{ id: "r", max: 2, windowMs: 1000 }];
    expect(await store.charge(charges)).toBe("charged");
    expect(await store.charge(charges)).toBe("charged");
    await store.refund(charges);
    await store.refund(charges);
  });

  it("with a client that is still connecting", async () => {
    const { port } = await stand.server();
    const client = stand.rawIoredis(port, { enableOfflineQueue: false, maxRetriesPerRequest: 0 });
    expect(client.status).toBe("connecting");
    expect((await stand.open(client)).health()).toEqual({
      kind: "redis",
      ready: true,
      perSignerShare: 500_000,
    });
  });

  it("with a client that has a keyPrefix of its own", async () => {
    const server = await stand.server();
    await stand.open(await stand.ioredis(server.port, { keyPrefix: "app:" }));
    expect(await server.cli("EXISTS", "app:signet:{00}")).toBe("1");
  });
});

describe.skipIf(!isInstalled)(
  `the Redis store waits five seconds, and does not start ${NEEDS_SERVER}`,
  { concurrent: true },
  () => {
    const stand = new Stand();
    afterAll(() => stand.clear());

    it("when nobody listens, and says how the client is after five seconds", async () => {
      const client = stand.rawIoredis(await freePort(), {
        enableOfflineQueue: false,
        maxRetriesPerRequest: 0,
      });
      const failure = await failureOf(client);
      expect(failure.code).toBe("replay_unavailable");
      expect(failure.message).toMatch(/reconnecting|connecting|close/);
    });

    it("with a wrong password, and never repeats it", async () => {
      const server = await stand.server(["--requirepass", "right"]);
      const password = "not-the-password";
      const offline = { enableOfflineQueue: false, maxRetriesPerRequest: 0 };
      const client = stand.rawIoredis(server.port, { ...offline, password });
      const opening = createClient({
        url: `redis://:${password}@127.0.0.1:${server.port}`,
        disableOfflineQueue: true,
      });
      await expect(opening.connect()).rejects.toThrow();
      const failures = await Promise.all([failureOf(client), failureOf(opening)]);
      for (const { code, message } of failures) {
        expect(code).toBe("replay_unavailable");
        expect(message).not.toContain(password);
      }
    });

    it("on a server that is frozen", async () => {
      const server = await stand.server();
      const client = await stand.ioredis(server.port);
      server.freeze();
      expect((await failureOf(client)).code).toBe("replay_unavailable");
      server.thaw();
    });
  },
);
