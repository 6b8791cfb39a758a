import { execFile, spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "./free-port.mjs";

const run = promisify(execFile);
const START_MS = 10_000;
const LOOK_AGAIN_MS = 20;

/** Tells whether `redis-server` and `redis-cli` can be run. */
export function isRedisInstalled() {
  return ["redis-server", "redis-cli"].every((name) => spawnSync(name, ["--version"]).status === 0);
}

/**
 * Starts a server of one's own on a free port of 127.0.0.1. It saves nothing to its disk unless told so.
 *
 * @param options.args - Further arguments, such as `["--appendonly", "yes"]`.
 * @param options.dir - Where it keeps its data. Default is a new folder, which `stop` removes.
 * @param options.port - Default is a free one.
 */
export async function startRedis({ args = [], dir, port } = {}) {
  const home = dir ?? (await mkdtemp(join(tmpdir(), "signet-redis-")));
  const server = new RedisProcess(port ?? (await freePort()), home, dir === undefined);
  await server.launch(args);
  return server;
}

class RedisProcess {
  #child;
  #exited;
  #args = [];
  #ownsDir;

  constructor(port, dir, ownsDir) {
    this.port = port;
    this.dir = dir;
    this.url = `redis://127.0.0.1:${port}`;
    this.#ownsDir = ownsDir;
  }

  get pid() {
    return this.#child.pid;
  }

  async launch(args) {
    this.#args = args;
    const fixed = ["--port", String(this.port), "--bind", "127.0.0.1", "--dir", this.dir, "--save", ""];
    const child = spawn("redis-server", [...fixed, ...args], { stdio: "ignore" });
    this.#child = child;
    this.#exited = new Promise((resolve) => child.once("exit", resolve));
    process.once("exit", this.#killNow);
    await waitFor(`redis-server on port ${this.port}`, async () => {
      if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`);
      return !(await this.cli("PING")).includes("LOADING");
    });
  }

  /** Ends the server as an operator would, and removes its data. */
  async stop() {
    this.thaw();
    this.#child.kill("SIGTERM");
    await this.#end();
    if (this.#ownsDir) await rm(this.dir, { recursive: true, force: true });
  }

  /** Ends the server as a crash would. Its data stay. */
  async kill() {
    this.#child.kill("SIGKILL");
    await this.#end();
  }

  /** Stops the server in its tracks: connections stay open, nothing is answered. */
  freeze() {
    this.#child.kill("SIGSTOP");
  }

  thaw() {
    this.#child.kill("SIGCONT");
  }

  /** Starts it again after {@link kill}, or kills it first: same port, same folder. */
  async restart({ args = this.#args } = {}) {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.kill();
    await this.launch(args);
  }

  /** Runs `redis-cli` and gives what it prints. */
  async cli(...args) {
    const { stdout } = await run("redis-cli", ["-p", String(this.port), ...args]);
    return stdout.trim();
  }

  #killNow = () => {
    this.#child.kill("SIGKILL");
  };

  async #end() {
    await this.#exited;
    process.removeListener("exit", this.#killNow);
  }
}

/** Starts a Cluster of three primaries without replicas. */
export async function startRedisCluster({ args = [] } = {}) {
  const clusterArgs = ["--cluster-enabled", "yes", "--cluster-node-timeout", "1000", ...args];
  const nodes = await Promise.all([0, 1, 2].map(() => startClusterNode(clusterArgs)));
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
  await run("redis-cli", ["--cluster", "create", ...addresses, "--cluster-yes"]);
  for (const node of nodes) {
    await waitFor("the Redis Cluster", async () =>
      (await node.cli("CLUSTER", "INFO")).includes("cluster_state:ok"),
    );
  }
  return {
    nodes,
    ports: nodes.map(({ port }) => port),
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

/** The port of the cluster's bus is 10,000 higher by default, and may not be there: it takes a free one. */
async function startClusterNode(args) {
  return await startRedis({ args: [...args, "--cluster-port", String(await freePort())] });
}

/** Starts a primary and a replica of it that has caught up. */
export async function startReplicatedRedis({ args = [], replicaArgs = args } = {}) {
  const primary = await startRedis({ args: ["--repl-diskless-sync-delay", "0", ...args] });
  const replica = await startRedis({
    args: [
      ...replicaArgs,
      "--replicaof",
      "127.0.0.1",
      String(primary.port),
      "--repl-diskless-sync-delay",
      "0",
    ],
  });
  await waitFor("the replica", async () =>
    (await replica.cli("INFO", "replication")).includes("master_link_status:up"),
  );
  return {
    primary,
    replica,
    stop: async () => {
      await Promise.all([primary.stop(), replica.stop()]);
    },
  };
}

async function waitFor(what, isThere) {
  const deadline = performance.now() + START_MS;
  for (;;) {
    let failure;
    try {
      if (await isThere()) return;
    } catch (error) {
      failure = error;
    }
    if (performance.now() > deadline) throw new Error(`${what} did not come up`, { cause: failure });
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}
