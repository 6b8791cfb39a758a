import { afterAll, beforeAll, describe, it } from "vitest";
import { startRedis, startRedisCluster } from "../../../scripts/services/redis.mjs";
import type { RedisClusterNodes, RedisServer } from "../../../scripts/services/redis.mjs";
import { contractCases } from "./support/contract.js";
import { isInstalled, LIBRARIES, NEEDS_SERVER, Stand } from "./support/stand.js";

describe.skipIf(!isInstalled)(
  `the Redis store holds the contract ${NEEDS_SERVER}`,
  { concurrent: true, timeout: 60_000 },
  () => {
    const stand = new Stand();
    let server: RedisServer;
    let cluster: RedisClusterNodes;
    beforeAll(async () => {
      [server, cluster] = await Promise.all([startRedis(), startRedisCluster()]);
    });
    afterAll(async () => {
      await stand.clear();
      await Promise.all([server.stop(), cluster.stop()]);
    });

    describe.each(LIBRARIES)("over %s", (library) => {
      it.each(contractCases(() => stand.client(library, server.port)))("$name, on a server", ({ run }) =>
        run(),
      );
      it.each(contractCases(() => stand.clusterClient(library, cluster.ports)))(
        "$name, on a Cluster",
        ({ run }) => run(),
      );
    });
  },
);
