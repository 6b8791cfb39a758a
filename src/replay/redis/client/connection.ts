import { invalidOption } from "../../../lib/option.js";
import { connectIoredis, isIoredis } from "./ioredis.js";
import { connectNodeRedis, connectNodeRedisCluster, isNodeRedis, isNodeRedisCluster } from "./node-redis.js";
import type { Connection } from "./types.js";

/**
 * Tells by what a client has which library it is of.
 *
 * @throws `OptionError` when it is of none that is known.
 */
export function connectionOf(client: unknown): Connection {
  if (typeof client === "object" && client !== null) {
    if (isIoredis(client)) return connectIoredis(client);
    if (isNodeRedisCluster(client)) return connectNodeRedisCluster(client);
    if (isNodeRedis(client)) return connectNodeRedis(client);
  }
  const wanted = "a client of ioredis or of redis (node-redis), and no pool or sentinel of the latter";
  throw invalidOption("options.client", wanted, client);
}
