import { closeSync, mkdirSync, openSync, readSync, statfsSync, statSync } from "node:fs";
import type { Stats } from "node:fs";
import { dirname, join } from "node:path";
import { ReplayStoreError } from "../../errors.js";
import { quotedError } from "../../lib/text.js";

/** Where lmdb keeps its pages, within the directory. */
export const DATA_FILE = "data.mdb";
const LOCK_FILE = "lock.mdb";

const MIN_ROOM_BYTES = 4 * 1024 * 1024;

const WRITABLE_BY_OTHERS = 0o022;
/** What is in a directory that others may write to, such as `/tmp`, only its owner may replace then. */
const STICKY = 0o1000;
const ROOT = 0;

/** The head of a page, then what a page that describes the others begins with (`MDB_meta` of lmdb.h's data version 2). */
const PAGE_HEAD = 24;
const MAGIC = 0xbeefc0de;
const DATA_VERSION = 2;
const META_BYTES = PAGE_HEAD + 136;
const AT = { magic: 0, version: 4, pageSize: 24, lastPage: 120, transaction: 128 } as const;
/** Whole pages that may be missing at the end: lmdb does not write those that it took into use and freed at once. */
const UNWRITTEN_PAGES = 64;
const MIN_PAGE = 512;
const MAX_PAGE = 65_536;

/**
 * Makes the directory, for the owner alone, if it is not there.
 *
 * @throws `ReplayStoreError` `replay_not_writable` when that cannot be done, or when others may write to it or replace it.
 */
export function prepareDirectory(dir: string): void {
  try {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new ReplayStoreError(
      "replay_not_writable",
      `the replay store's directory ${dir} cannot be made (${quotedError(cause)}): make it with \`mkdir -p -m 700 '${dir}'\`, ` +
        'set SIGNET_HOME to a directory that can be written, or choose `replay: "memory"` or a store of your own',
      { cause },
    );
  }
  if (process.platform === "win32") return;
  requireOwner(dir);
  if ((statSync(dir).mode & WRITABLE_BY_OTHERS) !== 0) {
    throw new ReplayStoreError(
      "replay_not_writable",
      `others than its owner may write to the replay store's directory ${dir}: run \`chmod 700 '${dir}'\``,
    );
  }
  const parent = dirname(dir);
  const { mode } = statSync(parent);
  if ((mode & WRITABLE_BY_OTHERS) !== 0 && (mode & STICKY) === 0) {
    throw new ReplayStoreError(
      "replay_not_writable",
      `others than its owner may replace what is in ${parent}, so the replay store's directory in it too: run \`chmod go-w '${parent}'\``,
    );
  }
}

/** Whoever owns the directory can put anything in the store's place. */
function requireOwner(dir: string): void {
  const { uid } = statSync(dir);
  if (uid === process.geteuid?.() || uid === ROOT) return;
  throw new ReplayStoreError(
    "replay_not_writable",
    `the replay store's directory ${dir} is another user's: run the server as that user, or choose a directory of its own by SIGNET_HOME or by \`path\``,
  );
}

/**
 * Looks at the file before lmdb does, which takes what is in it as given and ends the process where that leads nowhere.
 *
 * @throws `ReplayStoreError` `replay_corrupt` for a file that is none of lmdb's, or was cut; `replay_not_writable` for one that cannot be
 * opened.
 */
export function checkDataFile(dir: string): void {
  const path = join(dir, DATA_FILE);
  for (const file of [path, join(dir, LOCK_FILE)]) requireFile(file);
  const status = statusOf(path);
  // One that is empty was not written to yet: the process that made it was ended then, or is about to.
  if (status === undefined || status.size === 0) return;
  const head = readHead(path, MAX_PAGE + META_BYTES);
  const first = readMeta(head, 0);
  if (first === undefined) throw corrupt(path, "it is no file of the store's");
  const second = readMeta(head, first.pageSize);
  if (second?.pageSize !== first.pageSize) throw corrupt(path, "it is damaged");
  const newest = first.transaction > second.transaction ? first : second;
  const needed = (newest.lastPage + 1) * newest.pageSize;
  const missing = needed - status.size;
  const isCut =
    missing > 0 && (missing % newest.pageSize !== 0 || missing > UNWRITTEN_PAGES * newest.pageSize);
  if (isCut) throw corrupt(path, `it has ${status.size} bytes and should have ${needed}: its end is missing`);
}

/** Which files they are: others after somebody took one away. Without the lock file two processes would write at once. */
export function fileIdentity(dir: string): string {
  return [DATA_FILE, LOCK_FILE]
    .map((name) => statusOf(join(dir, name)))
    .map((status) => (status === undefined ? "gone" : `${status.dev}:${status.ino}`))
    .join(" ");
}

/** Tells whether the disk has less room than a transaction may need. */
export function isFull(dir: string): boolean {
  const { bavail, bsize } = statfsSync(dir);
  return bavail * bsize < MIN_ROOM_BYTES;
}

/** The fault of a store whose files are not as they should be. */
export function corrupt(path: string, what: string, cause?: unknown): ReplayStoreError {
  return new ReplayStoreError(
    "replay_corrupt",
    `the replay store ${path} cannot be used: ${what}. Stop all servers that use it, wait for as long as a receipt is valid ` +
      `(330 s unless configured otherwise), remove it and ${LOCK_FILE} beside it, and start them again`,
    { cause },
  );
}

interface Meta {
  readonly pageSize: number;
  readonly lastPage: number;
  readonly transaction: number;
}

function readMeta(head: Buffer, pageAt: number): Meta | undefined {
  const at = pageAt + PAGE_HEAD;
  if (head.length < pageAt + META_BYTES) return undefined;
  const isMeta =
    head.readUInt32LE(at + AT.magic) === MAGIC && head.readUInt32LE(at + AT.version) === DATA_VERSION;
  if (!isMeta) return undefined;
  const pageSize = head.readUInt32LE(at + AT.pageSize);
  if (pageSize < MIN_PAGE || pageSize > MAX_PAGE) return undefined;
  return {
    pageSize,
    lastPage: Number(head.readBigUInt64LE(at + AT.lastPage)),
    transaction: Number(head.readBigUInt64LE(at + AT.transaction)),
  };
}

function readHead(path: string, length: number): Buffer {
  try {
    const file = openSync(path, "r+");
    try {
      const head = Buffer.alloc(length);
      return head.subarray(0, readSync(file, head, 0, length, 0));
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    throw new ReplayStoreError(
      "replay_not_writable",
      `the replay store's file ${path} cannot be opened (${quotedError(cause)}): run \`chmod 600 '${path}'\` as its owner`,
      { cause },
    );
  }
}

function requireFile(path: string): void {
  if (statusOf(path)?.isFile() === false) throw corrupt(path, "it is no file");
}

function statusOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}
