import { join } from "node:path";
import type { open, RootDatabase, TransactionFlags } from "lmdb";
import { DependencyError, ReplayStoreError } from "../../errors.js";
import { quotedError } from "../../lib/text.js";
import { checkDataFile, corrupt, DATA_FILE, prepareDirectory } from "./data-file.js";
import { KIND, recordKey } from "./layout.js";
import type { Records } from "./records.js";

/**
 * Bytes of address space. All processes have to have the same: lmdb cannot see what is beyond its own. Only what is used takes memory or
 * disk, and the capacity keeps the file far below.
 */
const MAP_BYTES = 16 * 2 ** 30;

const FORMAT_KEY = recordKey(KIND.meta, Buffer.from("format"));
const FORMAT = "signet-replay 1";

/** What is used of the package. */
interface Lmdb {
  readonly open: typeof open;
  readonly TransactionFlags: typeof TransactionFlags;
}

/** An open store, whose transactions are on disk when they are through. */
export interface LmdbStore {
  /** When the store began to remember, in milliseconds since the Unix epoch. */
  readonly createdAtMs: number;
  /** Runs `work` while no other process writes, and commits what it did, or nothing if it throws. */
  transact<T>(work: (records: Records) => T): T;
  close(): Promise<void>;
}

/**
 * Opens the store in a directory, or makes it.
 *
 * @param createdAtMs - When a store that is made now begins to remember.
 * @throws `ReplayStoreError` when the files are not the store's, are damaged, or cannot be written; `DependencyError` when lmdb does not load.
 */
export async function openLmdb(dir: string, createdAtMs: number): Promise<LmdbStore> {
  const { open, TransactionFlags } = await loadLmdb();
  prepareDirectory(dir);
  checkDataFile(dir);
  let database: RootDatabase<Buffer, Buffer>;
  try {
    // Not `overlappingSync`, lmdb-js's own default: with it a process that is killed while it flushes has others forget what they
    // committed meanwhile (seen: some nonces in ten thousand were taken twice). Plain lmdb flushes before it lets go of its lock.
    const options = {
      mapSize: MAP_BYTES,
      maxReaders: 1024,
      permissionsMode: 0o600,
      overlappingSync: false,
    };
    database = open<Buffer, Buffer>({ path: dir, keyEncoding: "binary", encoding: "binary", ...options });
  } catch (cause) {
    throw openFault(dir, cause);
  }
  const flags = TransactionFlags.ABORTABLE | TransactionFlags.SYNCHRONOUS_COMMIT;
  const records = recordsOf(database);
  const transact = <T>(work: (records: Records) => T): T =>
    database.transactionSync(() => work(records), flags);
  try {
    return {
      createdAtMs: transact(() => readFormat(dir, records, createdAtMs)),
      transact,
      close: () => database.close(),
    };
  } catch (cause) {
    await database.close();
    throw cause instanceof ReplayStoreError ? cause : openFault(dir, cause);
  }
}

async function loadLmdb(): Promise<Lmdb> {
  try {
    return await import("lmdb");
  } catch (cause) {
    throw new DependencyError(
      "dependency_missing",
      `the replay store in a file needs lmdb, which does not load on this machine (${quotedError(cause)}): install again with ` +
        'optional dependencies, or choose `replay: "memory"` or a store of your own',
      { cause },
    );
  }
}

/** Reads when the store was made. One that holds nothing is made by that. */
function readFormat(dir: string, records: Records, createdAtMs: number): number {
  const path = join(dir, DATA_FILE);
  const value = records.get(FORMAT_KEY)?.toString();
  if (value === undefined) {
    if (records.size > 0) throw corrupt(path, "it is another program's");
    records.put(FORMAT_KEY, Buffer.from(`${FORMAT} ${createdAtMs}`));
    return createdAtMs;
  }
  const made = Number(value.startsWith(`${FORMAT} `) ? value.slice(FORMAT.length + 1) : Number.NaN);
  if (!Number.isFinite(made)) throw corrupt(path, "another version of signet-mcp made it, or it is damaged");
  return made;
}

function openFault(dir: string, cause: unknown): ReplayStoreError {
  const text = quotedError(cause);
  const isDamage = /MDB_(?:INVALID|CORRUPTED|VERSION_MISMATCH|BAD_TXN|PAGE_NOTFOUND|PANIC)/.test(text);
  if (isDamage) return corrupt(join(dir, DATA_FILE), `lmdb says ${text}`, cause);
  return new ReplayStoreError(
    "replay_not_writable",
    `the replay store in ${dir} cannot be opened (${text}): the directory has to be this user's, on a local disk with room; or set ` +
      'SIGNET_HOME to another, or choose `replay: "memory"` or a store of your own',
    { cause },
  );
}

function recordsOf(database: RootDatabase<Buffer, Buffer>): Records {
  return {
    get size(): number {
      const stats: unknown = database.getStats();
      const count: unknown =
        typeof stats === "object" && stats !== null ? Reflect.get(stats, "entryCount") : undefined;
      return typeof count === "number" ? count : Number.NaN;
    },
    get: (key) => database.getBinary(key),
    put: (key, value) => {
      database.putSync(key, value);
    },
    remove: (key) => {
      database.removeSync(key);
    },
    list: (start, limit) => [...database.getRange({ start, limit })],
  };
}
