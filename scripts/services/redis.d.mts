/** Tells whether `redis-server` and `redis-cli` can be run. */
export function isRedisInstalled(): boolean;

/** A server of one's own. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  readonly dir: string;
  readonly pid: number;
  /** Ends the server as an operator would, and removes its data. */
  stop(): Promise<void>;
  /** Ends the server as a crash would. Its data stay. */
  kill(): Promise<void>;
  /** Stops the server in its tracks: connections stay open, nothing is answered. */
  freeze(): void;
  thaw(): void;
  /** Starts it again on the same port and folder; kills it first if it runs. Default are the arguments that it had. */
  restart(options?: { readonly args?: readonly string[] }): Promise<void>;
  /** Runs `redis-cli` and gives what it prints. */
  cli(...args: readonly string[]): Promise<string>;
}

/**
 * Starts a server of one's own on a free port of 127.0.0.1. It saves nothing to its disk unless told so.
 *
 * @param options - Further arguments, such as `["--appendonly", "yes"]`; where it keeps its data, by default a new folder,
 * which `stop` removes; and its port.
 */
export function startRedis(options?: {
  readonly args?: readonly string[];
  readonly dir?: string;
  readonly port?: number;
}): Promise<RedisServer>;

/** Three primaries without replicas. */
export interface RedisClusterNodes {
  readonly nodes: readonly RedisServer[];
  readonly ports: readonly number[];
  stop(): Promise<void>;
}

/** Starts a Cluster of three primaries without replicas. */
export function startRedisCluster(options?: {
  readonly args?: readonly string[];
}): Promise<RedisClusterNodes>;

/** A primary and a replica of it. */
export interface ReplicatedRedis {
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  stop(): Promise<void>;
}

/** Starts a primary and a replica of it that has caught up. */
export function startReplicatedRedis(options?: {
  readonly args?: readonly string[];
  readonly replicaArgs?: readonly string[];
}): Promise<ReplicatedRedis>;
