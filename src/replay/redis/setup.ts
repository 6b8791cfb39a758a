import { clocksApart, leastAheadMs } from "../clock-distance.js";
import type { Connection } from "./client/types.js";
import { BUCKETS } from "./keyspace.js";
import type { Keyspace } from "./keyspace.js";
import { CHECK_SCRIPT } from "./lua/check.js";

/** How a server is set up. */
export interface ServerSetup {
  readonly policy: string;
  readonly role: string;
  readonly identity: string;
  /** By how much its clock is ahead of the host's at least; negative when it is behind. */
  readonly aheadMs: number;
}

/** Asks the server that has a bucket how it is set up. */
export async function askSetup(
  connection: Connection,
  head: string,
  clock: () => number,
): Promise<ServerSetup> {
  const before = clock();
  const reply = String(await connection.run("EVAL", CHECK_SCRIPT, [head], []));
  const after = clock();
  const [policy = "", role = "", identity = "", now = ""] = reply.split(" ");
  return { policy, role, identity, aheadMs: leastAheadMs(Number(now), before, after) };
}

/** The heads of all buckets: on a Cluster, some of each node. */
export function allHeads(keyspace: Keyspace): readonly string[] {
  return Array.from({ length: BUCKETS }, (_, bucket) => keyspace.head(bucket));
}

/** Says what makes a server unfit to keep nonces, and what to do; `undefined` when nothing does. */
export function findSetupFault(setup: ServerSetup, storeClockSkewMs: number): string | undefined {
  const { policy, role, identity, aheadMs } = setup;
  if (role !== "master") {
    return `the Redis server's role is ${role}: connect to the primary, since what a replica holds is late`;
  }
  if (policy !== "noeviction") {
    return (
      `the Redis server drops keys when its memory is full (maxmemory-policy is ${policy}), and with them nonces that may be used ` +
      "again: run `redis-cli CONFIG SET maxmemory-policy noeviction`, and put `maxmemory-policy noeviction` into redis.conf"
    );
  }
  if (identity !== "known") {
    return "the Redis server does not tell its run id and replication id (INFO), by which a loss of data is noticed";
  }
  // Written so that NaN, which is no time, is found too.
  if (!(Math.abs(aheadMs) <= storeClockSkewMs))
    return `${clocksApart("the Redis server's", aheadMs)}; synchronise both with NTP`;
  return undefined;
}
