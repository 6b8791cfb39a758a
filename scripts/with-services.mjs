// Runs a command with a Redis and a PostgreSQL server beside it, on free ports of 127.0.0.1 with their data in temporary folders, and
// stops them afterwards: `node scripts/with-services.mjs COMMAND …`. Their addresses are in SIGNET_REDIS_URL and
// SIGNET_POSTGRES_URL. What is not installed is left out, and said.
import { spawn } from "node:child_process";
import { once } from "node:events";

import { isPostgresInstalled, startPostgres } from "./services/postgres.mjs";
import { isRedisInstalled, startRedis } from "./services/redis.mjs";

const services = [
  { name: "Redis", variable: "SIGNET_REDIS_URL", isInstalled: isRedisInstalled, start: () => startRedis() },
  {
    name: "PostgreSQL",
    variable: "SIGNET_POSTGRES_URL",
    isInstalled: isPostgresInstalled,
    start: () => startPostgres(),
  },
];
const [command, ...args] = process.argv.slice(2);
if (command === undefined) {
  console.error("name the command to run: node scripts/with-services.mjs COMMAND …");
  process.exit(2);
}

const running = [];
const env = { ...process.env };
try {
  for (const { name, variable, isInstalled, start } of services) {
    if (!isInstalled()) {
      console.error(`${name} is not installed: what needs it is skipped`);
      continue;
    }
    const server = await start();
    running.push(server);
    env[variable] = server.url;
  }
  const child = spawn(command, args, { stdio: "inherit", env });
  const [code] = await once(child, "close");
  process.exitCode = code ?? 1;
} finally {
  for (const server of running) await server.stop();
}
