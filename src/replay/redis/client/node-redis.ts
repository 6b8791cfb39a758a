import type { Connection, NodeRedisClient, NodeRedisCluster } from "./types.js";

const SINGLE = "createClient({ disableOfflineQueue: true })";
const CLUSTER = "createCluster({ rootNodes, defaults: { disableOfflineQueue: true } })";

export function isNodeRedisCluster(client: object): client is NodeRedisCluster {
  return isOpenable(client) && "masters" in client && Array.isArray(client.masters);
}

/** Its pools and sentinels are none: those hold commands back while all their connections are in use, and send some again. */
export function isNodeRedis(client: object): client is NodeRedisClient {
  const isOther = "totalClients" in client || "getMasterNode" in client;
  return !isOther && isOpenable(client) && "isReady" in client && typeof client.isReady === "boolean";
}

export function connectNodeRedis(client: NodeRedisClient): Connection {
  return {
    state: () => {
      if (!client.isOpen) return { is: "closed", name: "closed" };
      return client.isReady ? { is: "ready", name: "ready" } : { is: "pending", name: "connecting" };
    },
    findMisuse: () => Promise.resolve(findQueue(client, SINGLE)),
    run: (command, script, keys, args) =>
      client.sendCommand([command, script, String(keys.length), ...keys, ...args]),
  };
}

export function connectNodeRedisCluster(cluster: NodeRedisCluster): Connection {
  return {
    // Whether it has found its nodes is not to be seen before version 6: then a command that is too early fails.
    state: () => {
      if (!cluster.isOpen) return { is: "closed", name: "closed" };
      const isReady = !("isReady" in cluster) || cluster.isReady === true;
      return isReady ? { is: "ready", name: "ready" } : { is: "pending", name: "connecting" };
    },
    findMisuse: async () => findQueue(await nodeOf(cluster), CLUSTER),
    run: (command, script, keys, args) =>
      cluster.sendCommand(keys[0] ?? "", false, [command, script, String(keys.length), ...keys, ...args]),
  };
}

/** The options of a cluster are private in version 4; those of its nodes' clients are not. */
async function nodeOf(cluster: NodeRedisCluster): Promise<unknown> {
  const [first] = cluster.masters;
  if (first === undefined || !("nodeClient" in cluster) || typeof cluster.nodeClient !== "function") {
    return undefined;
  }
  const client: unknown = await cluster.nodeClient(first);
  return client;
}

function findQueue(client: unknown, wanted: string): string | undefined {
  const options: unknown =
    typeof client === "object" && client !== null && "options" in client ? client.options : undefined;
  const isDisabled =
    typeof options === "object" &&
    options !== null &&
    "disableOfflineQueue" in options &&
    options.disableOfflineQueue === true;
  return isDisabled ? undefined : `it queues commands while it is not connected; make it with ${wanted}`;
}

function isOpenable(client: object): boolean {
  return (
    "isOpen" in client &&
    typeof client.isOpen === "boolean" &&
    "sendCommand" in client &&
    typeof client.sendCommand === "function"
  );
}
