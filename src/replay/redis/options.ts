import { clockOption, integerOption, invalidOption, missingOption, optionRecord } from "../../lib/option.js";
import { connectionOf } from "./client/connection.js";
import type { Connection, RedisReplayClient } from "./client/types.js";
import type { ClaimLimits } from "./lua/claim.js";

const DAY_MS = 86_400_000;
const MAX_SHARE = 1_000_000_000;

/** Client, limits and clock of a Redis store. All but the client have a default. */
export interface RedisReplayStoreOptions {
  /**
   * Your client, connected, and made not to queue commands while it is offline nor to send any twice:
   *
   * - ioredis: `new Redis({ enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: 1000 })`, or for a Cluster
   *   `new Redis.Cluster(nodes, { enableOfflineQueue: false, retryDelayOnFailover: 0, redisOptions: { commandTimeout: 1000 } })`;
   * - node-redis: `await createClient({ disableOfflineQueue: true }).connect()`, or for a Cluster
   *   `await createCluster({ rootNodes, defaults: { disableOfflineQueue: true } }).connect()`.
   *
   * With Sentinel take ioredis. It stays yours: the store never closes it.
   */
  readonly client: RedisReplayClient;
  /** What the names of all keys begin with: up to 64 characters of printable ASCII, without blanks and braces. Default is `signet:`. */
  readonly keyPrefix?: string;
  /**
   * How many live nonces one signer may have, 1 to 1,000,000,000. Default is 500,000: 1,280 calls a second without an end, with the
   * guard's defaults, and some 70 MB. The server's `maxmemory` bounds what all have together.
   */
  readonly perSignerShare?: number;
  /**
   * How far ahead a receipt may be dated, 0 to 86,400,000 ms. Default is 30,000, as the guard's. At least that of each guard on the
   * store, and the same for all that share it.
   */
  readonly clockSkewMs?: number;
  /**
   * How far a host's clock and the server's may be apart, 1 to 86,400,000 ms; nonces are kept that much longer. Default is 60,000.
   * The same for all that share the store.
   */
  readonly storeClockSkewMs?: number;
  /** The time, in milliseconds since the Unix epoch. Default is the system's clock. */
  readonly clock?: () => number;
}

/** Options as they are used. */
export interface RedisSettings extends ClaimLimits {
  readonly connection: Connection;
  readonly keyPrefix: string;
  readonly clock: () => number;
}

const NAMES = ["client", "keyPrefix", "perSignerShare", "clockSkewMs", "storeClockSkewMs", "clock"];

/** @throws `OptionError` for an option that is unknown, of the wrong type or out of range. */
export function readOptions(options: RedisReplayStoreOptions): RedisSettings {
  const path = "options";
  const record = optionRecord(options, path, NAMES);
  if (record["client"] === undefined) {
    throw missingOption(`${path}.client`, "a client of ioredis or of redis (node-redis), connected");
  }
  return {
    connection: connectionOf(record["client"]),
    keyPrefix: readKeyPrefix(record["keyPrefix"]),
    perSignerShare: integerOption(record, path, "perSignerShare", {
      min: 1,
      max: MAX_SHARE,
      fallback: 500_000,
    }),
    clockSkewMs: integerOption(record, path, "clockSkewMs", { min: 0, max: DAY_MS, fallback: 30_000 }),
    storeClockSkewMs: integerOption(record, path, "storeClockSkewMs", {
      min: 1,
      max: DAY_MS,
      fallback: 60_000,
    }),
    clock: clockOption(record, path),
  };
}

function readKeyPrefix(value: unknown): string {
  if (value === undefined) return "signet:";
  const wanted = "up to 64 characters of printable ASCII, without blanks and braces";
  if (typeof value === "string" && /^[\x21-\x7a\x7c\x7e]{0,64}$/.test(value)) return value;
  throw invalidOption("options.keyPrefix", wanted, value);
}
