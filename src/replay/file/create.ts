import { isAbsolute, join, resolve } from "node:path";
import { ReplayStoreError } from "../../errors.js";
import { clockOption, optionRecord, pathOption } from "../../lib/option.js";
import { signetHome } from "../../lib/signet-home.js";
import { findWorkerFile } from "../../lib/worker-file.js";
import { capacityOptions } from "../capacity.js";
import type { SharedReplayStore } from "../types.js";
import { FileStore } from "./file-store.js";
import { StoreThread } from "./store-thread.js";

const MAX_CAPACITY = 50_000_000;

/**
 * How much earlier than this process a store that it makes may have been needed: over stdio a client may sign its first call in the
 * moment in which it starts the server.
 */
const STARTED_BEFORE_MS = 1000;
/** But no longer ago than this: what a process that ran for long accepted is in a store that was there already. */
const MAX_STARTED_AGO_MS = 10_000;

/** Place and sizes of a file store. Every one has a default. */
export interface FileReplayStoreOptions {
  /** The store's directory, on a local disk. Made, for this user alone, if it is not there. Default is `SIGNET_HOME/replay`. */
  readonly path?: string;
  /**
   * How many live nonces the store holds, 1 to 50,000,000. Default is 1,000,000.
   *
   * What it takes: calls a second of all processes times the seconds that a nonce is kept, 336 at most with the guard's
   * defaults, so that 1,000,000 are enough for 2,900 calls a second without an end. The file grows as it is needed, by some 150 bytes a
   * nonce, to at most twice that while old ones are cleaned up, and does not shrink.
   */
  readonly capacity?: number;
  /** How many of them one signer may hold, 1 to `capacity`. Default is half of `capacity`. */
  readonly perSignerShare?: number;
  /** The time, in milliseconds since the Unix epoch. Default is the system's clock. */
  readonly clock?: () => number;
}

/** A replay store in a file. */
export type FileReplayStore = SharedReplayStore;

/**
 * Opens a replay store in a file, or makes it: for any number of processes of one host. It survives restarts, `kill -9` and a loss of
 * power: a claim is answered when it is on disk.
 *
 * The database is lmdb's, in a thread of its own. A store that was removed or replaced while it was in use fails, and begins
 * anew without accepting what is older. Do not remove it while servers run; do not put it on a network file system.
 *
 * @param options - Place and sizes, see {@link FileReplayStoreOptions}.
 * @throws `OptionError` for an option that is unknown, of the wrong type or out of range; `ReplayStoreError` `replay_not_writable`,
 * `replay_corrupt`, `replay_misconfigured` when `SIGNET_HOME` is relative, or `replay_unavailable` when it cannot be opened within five seconds; `DependencyError` when lmdb does not load.
 *
 * @example
 * ```ts
 * const replay = await createFileReplayStore({ path: "/var/lib/my-server/replay" });
 * const guard = await createGuard({ registry: "config/registry.yaml", identity: "github-mcp", target: "mcp://github", replay });
 * ```
 */
export async function createFileReplayStore(options: FileReplayStoreOptions = {}): Promise<FileReplayStore> {
  const name = "options";
  const record = optionRecord(options, name, ["path", "capacity", "perSignerShare", "clock"]);
  const path = record["path"];
  const dir =
    path === undefined
      ? join(absoluteHome(), "replay")
      : pathOption(path, "options.path", "the path of the store's directory");
  const { capacity, perSignerShare } = capacityOptions(record, name, MAX_CAPACITY);
  const clock = clockOption(record, name);
  const ago = Math.min(performance.now(), MAX_STARTED_AGO_MS) + STARTED_BEFORE_MS;
  const settings = { dir: resolve(dir), capacity, perSignerShare, createdAtMs: Math.floor(clock() - ago) };
  const workerUrl = findWorkerFile(import.meta.url, "replay/file/worker.js");
  if (workerUrl === undefined) {
    throw new ReplayStoreError(
      "replay_misconfigured",
      "the replay store's thread is not beside it, as in a bundle: leave signet-mcp out of the bundle (external), or choose another store",
    );
  }
  return new FileStore(await StoreThread.open(workerUrl, settings), settings, workerUrl, clock);
}

/** Processes that start in different directories are to find one store. */
function absoluteHome(): string {
  const home = signetHome();
  if (isAbsolute(home)) return home;
  throw new ReplayStoreError(
    "replay_misconfigured",
    `the replay store has no place of its own, as SIGNET_HOME (or else HOME) gives ${JSON.stringify(home)}: set SIGNET_HOME to an absolute path`,
  );
}
