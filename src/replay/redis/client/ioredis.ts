import type { Connection, ConnectionState, IoredisClient } from "./types.js";

const SINGLE = "new Redis({ enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: 1000 })";
const CLUSTER =
  "new Redis.Cluster(nodes, { enableOfflineQueue: false, retryDelayOnFailover: 0, redisOptions: { commandTimeout: 1000 } })";

export function isIoredis(client: object): client is IoredisClient {
  return (
    "status" in client &&
    typeof client.status === "string" &&
    "options" in client &&
    typeof client.options === "object" &&
    client.options !== null &&
    "eval" in client &&
    typeof client.eval === "function" &&
    "evalsha" in client &&
    typeof client.evalsha === "function"
  );
}

export function connectIoredis(client: IoredisClient): Connection {
  return {
    state: () => stateOf(client.status),
    findMisuse: () => Promise.resolve(findMisuse(client)),
    run: (command, script, keys, args) =>
      command === "EVAL"
        ? client.eval(script, keys.length, ...keys, ...args)
        : client.evalsha(script, keys.length, ...keys, ...args),
  };
}

function stateOf(status: string): ConnectionState {
  const is = status === "ready" ? "ready" : status === "wait" || status === "end" ? "closed" : "pending";
  return { is, name: status };
}

/**
 * What waits in a queue is sent when nobody waits for it any more, and a command that is sent again, because the connection broke
 * before its answer came, may have been carried out before: a claim is then called a replay of itself, and a refund is made twice.
 */
function findMisuse(client: IoredisClient): string | undefined {
  const { options } = client;
  if (/[{}]/.test(options.keyPrefix ?? "")) {
    return "its keyPrefix has braces, which decide where on a Cluster keys are; take one without";
  }
  const isCluster = "isCluster" in client && client.isCluster === true;
  const wanted = isCluster ? CLUSTER : SINGLE;
  if (options.enableOfflineQueue !== false) {
    return `it queues commands while it is not connected; make it with ${wanted}`;
  }
  const sendsAgain = isCluster
    ? options.retryDelayOnFailover !== 0
    : options.maxRetriesPerRequest !== 0 && options.autoResendUnfulfilledCommands !== false;
  return sendsAgain ? `it sends commands again whose answer was lost; make it with ${wanted}` : undefined;
}
