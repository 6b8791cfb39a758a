/** What the store uses of a client, described by itself: neither library need be installed for the other's sake. */

/** An ioredis `Redis` or `Cluster`, version 5 or 6. */
export interface IoredisClient {
  readonly status: string;
  readonly options: IoredisOptions;
  eval(script: string, keyCount: number, ...rest: string[]): Promise<unknown>;
  evalsha(sha: string, keyCount: number, ...rest: string[]): Promise<unknown>;
}

/** Options of ioredis that decide whether it sends a command later, or twice. */
export interface IoredisOptions {
  readonly enableOfflineQueue?: boolean | undefined;
  readonly keyPrefix?: string | undefined;
  /** Of `Redis` only. */
  readonly maxRetriesPerRequest?: number | null | undefined;
  /** Of `Redis` only. */
  readonly autoResendUnfulfilledCommands?: boolean | undefined;
  /** Of `Cluster` only. */
  readonly retryDelayOnFailover?: number | undefined;
}

/** A client of node-redis (the package `redis`), version 4.7 to 6. */
export interface NodeRedisClient {
  readonly isOpen: boolean;
  readonly isReady: boolean;
  sendCommand(args: string[]): Promise<unknown>;
}

/** A cluster client of node-redis. */
export interface NodeRedisCluster {
  readonly isOpen: boolean;
  readonly masters: readonly object[];
  sendCommand(firstKey: string, isReadonly: boolean, args: string[]): Promise<unknown>;
}

/** A client of the user's, connected already. */
export type RedisReplayClient = IoredisClient | NodeRedisClient | NodeRedisCluster;

/** A client as the store sees it, whichever library it is of. */
export interface Connection {
  /** How the connection is, as far as the client knows. */
  state(): ConnectionState;
  /** Says what makes the client unfit for claims, and which option to set; `undefined` when nothing does. */
  findMisuse(): Promise<string | undefined>;
  /** Runs a script. All keys are in one slot. */
  run(
    command: "EVAL" | "EVALSHA",
    script: string,
    keys: readonly string[],
    args: readonly string[],
  ): Promise<unknown>;
}

export interface ConnectionState {
  /** `closed`: it will not be ready by itself. */
  readonly is: "ready" | "pending" | "closed";
  /** The client's own name for it. */
  readonly name: string;
}
