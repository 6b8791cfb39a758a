// What the example needs to be installed, and the two servers that replicas can share their nonces in.
import { Pool } from "pg";
import { migratePostgresReplayStore } from "signet-mcp/replay/postgres";

import { isPostgresInstalled, startPostgres } from "../../scripts/services/postgres.mjs";
import { isRedisInstalled, startRedis } from "../../scripts/services/redis.mjs";
import { isNginxInstalled } from "./nginx.mjs";

/** The Debian packages that are not installed. */
export const missing = [
  ["nginx", isNginxInstalled],
  ["redis-server", isRedisInstalled()],
  ["postgresql", isPostgresInstalled()],
]
  .filter(([, isInstalled]) => !isInstalled)
  .map(([name]) => name);

/** By the name of a store: starts its server, ready to be used. */
export const services = {
  redis: () => startRedis({ args: ["--maxmemory-policy", "noeviction", "--appendonly", "yes"] }),
  async postgres() {
    const server = await startPostgres();
    const pool = new Pool({ connectionString: server.url, connectionTimeoutMillis: 1000 });
    // Makes the tables. Once is enough, whether by a program of its own or by the first replica that starts.
    await migratePostgresReplayStore(pool);
    await pool.end();
    return server;
  },
};
