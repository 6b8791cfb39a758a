import type { Sha256Text } from "../crypto/digest.js";
import { TrustRegistryError } from "../errors.js";
import type { LoadRequest } from "./load-contents.js";
import { MAX_REGISTRY_BYTES, readSize } from "./read-file.js";
import type { FileStamp } from "./read-file.js";
import { readHere } from "./reading.js";
import type { Reading } from "./reading.js";
import { takeIn } from "./take-in.js";
import type { InUse } from "./take-in.js";
import type { TrustRegistryOptions } from "./types.js";

/** Which file, and how it is read. */
export interface LoadSettings {
  /** Absolute path. */
  readonly path: string;
  /** The path as the caller gave it, for messages. */
  readonly file: string;
  readonly options: TrustRegistryOptions;
  /** Bytes of a file that is still read in this thread. */
  readonly maxBytesHere: number;
  /** The compiled `worker.js`. */
  readonly workerUrl: URL;
}

/** A version that was taken in. */
export interface Loaded {
  readonly stamp: FileStamp;
  readonly digest: Sha256Text;
  readonly inUse: InUse;
}

/**
 * Reads a registry file and makes a registry of it; a large one in another thread, and taken in bit by bit.
 *
 * @param before - The version in use, if any.
 * @returns the new version, with the same `inUse` when the file has not changed.
 * @throws `TrustRegistryError`; nothing else.
 */
export async function load(
  settings: LoadSettings,
  before: Loaded | undefined,
  signal: AbortSignal,
): Promise<Loaded> {
  const { path, file, options } = settings;
  const request: LoadRequest = { path, file, options, knownDigest: before?.digest };
  const take = async ({ stamp, digest, version }: Reading): Promise<Loaded> => {
    if (version !== undefined)
      return { stamp, digest, inUse: await takeIn(version, before?.inUse, options, file) };
    if (before === undefined) throw new Error("a first version cannot be unchanged");
    return { stamp, digest, inUse: before.inUse };
  };
  try {
    const size = await readSize(path);
    // One that is too large is refused before it is read: no worker for that.
    const isQuick = size <= settings.maxBytesHere || size > MAX_REGISTRY_BYTES;
    if (isQuick) return await readHere(request, take);
    // Loaded only where it is needed: most registries are small, and it takes time at start.
    const { readInWorker } = await import("./read-in-worker.js");
    return await readInWorker(request, take, settings.workerUrl, signal);
  } catch (cause) {
    if (cause instanceof TrustRegistryError) throw cause;
    throw new TrustRegistryError("registry_unreadable", `${file}: cannot be loaded`, { file, cause });
  }
}
