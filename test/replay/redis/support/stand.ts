import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { Redis } from "ioredis";
import type { RedisOptions } from "ioredis";
import { createClient, createCluster } from "redis";
import { isRedisInstalled, startRedis } from "../../../../scripts/services/redis.mjs";
import type { RedisServer } from "../../../../scripts/services/redis.mjs";
import { createRedisReplayStore } from "../../../../src/replay/redis/index.js";
import type {
  NodeRedisClient,
  NodeRedisCluster,
  RedisReplayClient,
  RedisReplayStore,
  RedisReplayStoreOptions,
} from "../../../../src/replay/redis/index.js";
import { BUCKETS } from "../../../../src/replay/redis/keyspace.js";
import { ALICE } from "../../harness.js";
import { TcpProxy } from "../../../support/tcp-proxy.js";

/** Whether tests can have a server of their own. */
export const isInstalled: boolean = isRedisInstalled();

/** For the titles of tests that need one. */
export const NEEDS_SERVER = "(skipped unless redis-server is installed)";

export type Library = "ioredis" | "node-redis";
export const LIBRARIES: readonly Library[] = ["ioredis", "node-redis"];

/** Without what changes the client's type. */
type ClientOptions = Omit<RedisOptions, "replyMapping">;

type Options = Omit<RedisReplayStoreOptions, "client">;

/** What a test starts and opens, to be closed together. */
export class Stand {
  readonly #open: (() => unknown)[] = [];

  async server(args: readonly string[] = []): Promise<RedisServer> {
    return this.add(await startRedis({ args }), (server) => server.stop());
  }

  async proxy(port: number): Promise<TcpProxy> {
    return this.add(await TcpProxy.start(port), (proxy) => proxy.stop());
  }

  /** A client that is ready and fit for a store. */
  async client(library: Library, port: number): Promise<RedisReplayClient> {
    return library === "ioredis" ? await this.ioredis(port) : await this.nodeRedis(port);
  }

  async clusterClient(library: Library, ports: readonly number[]): Promise<RedisReplayClient> {
    return library === "ioredis" ? await this.ioredisCluster(ports) : await this.nodeRedisCluster(ports);
  }

  async ioredis(port: number, options: ClientOptions = {}): Promise<Redis> {
    const client = this.rawIoredis(port, { enableOfflineQueue: false, maxRetriesPerRequest: 0, ...options });
    await once(client, "ready");
    return client;
  }

  /** A client as it is made, connecting. It tries again soon, so that tests need not wait for it. */
  rawIoredis(port: number, options: ClientOptions = {}): Redis {
    const client = new Redis({ port, host: "127.0.0.1", retryStrategy: () => 50, ...options });
    client.on("error", () => {});
    return this.add(client, () => {
      client.disconnect();
    });
  }

  async ioredisCluster(ports: readonly number[]): Promise<InstanceType<typeof Redis.Cluster>> {
    const nodes = ports.map((port) => ({ port, host: "127.0.0.1" }));
    const client = new Redis.Cluster(nodes, { enableOfflineQueue: false, retryDelayOnFailover: 0 });
    client.on("error", () => {});
    this.add(client, () => {
      client.disconnect();
    });
    await once(client, "ready");
    return client;
  }

  async nodeRedis(port: number): Promise<NodeRedisClient> {
    const socket = { port, host: "127.0.0.1", reconnectStrategy: 50 };
    const client = createClient({ socket, disableOfflineQueue: true });
    client.on("error", () => {});
    await client.connect();
    return this.add(client, () => {
      if (client.isOpen) client.destroy();
    });
  }

  async nodeRedisCluster(ports: readonly number[]): Promise<NodeRedisCluster> {
    const client = createCluster({
      rootNodes: ports.map((port) => ({ url: `redis://127.0.0.1:${port}` })),
      defaults: { disableOfflineQueue: true },
    });
    client.on("error", () => {});
    await client.connect();
    return this.add(client, () => {
      client.destroy();
    });
  }

  /** Opens a store, by default one in which receipts of now are from after its first use. */
  async open(client: RedisReplayClient, options: Options = {}): Promise<RedisReplayStore> {
    const store = await createRedisReplayStore({ client, clockSkewMs: 0, ...options });
    return this.add(store, () => store.close());
  }

  add<T>(one: T, close: (one: T) => unknown): T {
    this.#open.push(() => close(one));
    return one;
  }

  /** Closes all, what came last first. */
  async clear(): Promise<void> {
    for (const close of this.#open.splice(0).toReversed()) await close();
  }
}

export function newPrefix(): string {
  return `test-${randomBytes(6).toString("hex")}:`;
}

/** How a receipt is claimed. All that is left out is as of now. */
export interface Claim {
  readonly key?: `ed25519:${string}`;
  readonly issuedAtMs?: number;
  readonly lifeMs?: number;
}

/** Claims a nonce, and gives the outcome or the code of the error. */
export async function claim(store: RedisReplayStore, nonce: string, options: Claim = {}): Promise<unknown> {
  const { key = ALICE, issuedAtMs = Date.now(), lifeMs = 60_000 } = options;
  return await outcome(store.claim(key, nonce, issuedAtMs + lifeMs, issuedAtMs));
}

/** What a promise came to: its value, or the code of its error. */
export async function outcome(promise: Promise<unknown>): Promise<unknown> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof Error && "code" in error) return error.code;
    throw error;
  }
}

/** Lets the store have been in use for an hour, so that receipts of now are from after its first use, whatever `clockSkewMs` is. */
export async function ageMarkers(server: RedisServer, keyPrefix = "signet:"): Promise<void> {
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const key = `${keyPrefix}{${String(bucket).padStart(2, "0")}}`;
    const head = await server.cli("GET", key);
    await server.cli(
      "SET",
      key,
      head.replace(/^\d+/, (marker) => String(Number(marker) - 3_600_000)),
    );
  }
}
