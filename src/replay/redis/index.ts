import { readOptions } from "./options.js";
import type { RedisReplayStoreOptions } from "./options.js";
import { openStore } from "./store.js";
import type { RedisReplayStore } from "./store.js";

export type {
  IoredisClient,
  IoredisOptions,
  NodeRedisClient,
  NodeRedisCluster,
  RedisReplayClient,
} from "./client/types.js";
export type { RedisReplayStoreOptions } from "./options.js";
export type { RedisReplayStore } from "./store.js";

/**
 * Opens a replay store in a Redis server or Cluster, version 6 or newer, for any number of processes on any number of hosts. All of
 * them give the same `keyPrefix`, `clockSkewMs` and `storeClockSkewMs`. Takes a client of ioredis or of node-redis, which stays yours.
 *
 * Before it opens, it checks that the client neither queues nor sends twice, that the server is a primary which never drops keys
 * (`maxmemory-policy noeviction`), and that its clock is right. Policy and role are looked at again once a minute.
 *
 * It refuses receipts from before it was first used (`issued_before_start`), and for `clockSkewMs` after that too: half a minute, in
 * which no call gets through. So it does whenever data may have been lost: when they are gone, when a replica was promoted, when
 * the server was restarted without an append-only file, when a bucket was moved to a node of a Cluster that has none. **Set
 * `appendonly yes`**, and a restart costs nothing. With `appendfsync everysec`, the default, a server that loses its power may
 * forget up to two seconds of nonces; only `appendfsync always` rules that out. Delete the store's keys when you restore a
 * backup of the append-only file: nobody can tell it from the original.
 *
 * What has expired is gone: if a guard with a longer window than the others uses the store, or the server's clock leaps ahead and
 * back, it does not know what it forgot. All guards on a store have one `maxAgeMs`.
 *
 * A live nonce is never dropped to make room. When the server's memory or the signer's share is full, claims are refused
 * (`replay_full`). A nonce takes 128 to 160 bytes, and is kept for `storeClockSkewMs` longer than it must.
 *
 * Rates and budgets are counted by the server's clock, and last as long as its data: after a loss a rate counts at most one window
 * anew, a budget all of its calls. Charges on several counters are made one after another where these are in different buckets, and
 * taken back when one has no room.
 *
 * @param options - Client, limits and clock, see {@link RedisReplayStoreOptions}.
 * @throws `OptionError` for an option that is missing, unknown, of the wrong type or out of range. `ReplayStoreError`
 * `replay_misconfigured` for a client or server that is not as it must be, with what to set; `replay_unavailable` when there is
 * no answer within 5 s.
 *
 * @example
 * ```ts
 * const client = new Redis({ enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: 1000 });
 * const replay = await createRedisReplayStore({ client });
 * const guard = await createGuard({ registry: "config/registry.yaml", identity: "github-mcp", target: "mcp://github", replay });
 * ```
 */
export async function createRedisReplayStore(options: RedisReplayStoreOptions): Promise<RedisReplayStore> {
  return await openStore(readOptions(options));
}
