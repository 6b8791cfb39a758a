import type { Sha256Text } from "../crypto/digest.js";
import { cutIntoBatches } from "./batches.js";
import type { EntryBatch } from "./batches.js";
import { loadContents } from "./load-contents.js";
import type { LoadRequest } from "./load-contents.js";
import type { FileStamp } from "./read-file.js";
import type { TrustRegistryHeader } from "./types.js";

/** A registry file that was read and holds. Its entries come in batches, for `takeIn` to take in with pauses between. */
export interface Reading {
  readonly stamp: FileStamp;
  readonly digest: Sha256Text;
  /** `undefined` when the file is the version that is in use. */
  readonly version: ReadVersion | undefined;
}

export interface ReadVersion {
  readonly header: TrustRegistryHeader;
  readonly batches: Iterable<EntryBatch> | AsyncIterable<EntryBatch>;
}

/** Reads a file in this thread. For small files: nothing else happens meanwhile. */
export async function readHere<T>(request: LoadRequest, take: (reading: Reading) => Promise<T>): Promise<T> {
  const { stamp, digest, contents } = await loadContents(request);
  const version = contents && { header: contents.header, batches: cutIntoBatches(contents) };
  return take({ stamp, digest, version });
}
