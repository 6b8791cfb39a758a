import type { Sha256Text } from "../crypto/digest.js";
import type { TrustRegistryErrorCode } from "../errors.js";
import type { FileStamp } from "./read-file.js";
import type { EntryBatch } from "./batches.js";
import type { TrustRegistryHeader } from "./types.js";

/** What the worker sends: first one of `unchanged`, `fault` and `read`; after `read`, for each message it gets, a `batch` or `end`. */
export type WorkerMessage =
  | { readonly kind: "unchanged"; readonly stamp: FileStamp; readonly digest: Sha256Text }
  | { readonly kind: "fault"; readonly fault: WorkerFault }
  | {
      readonly kind: "read";
      readonly stamp: FileStamp;
      readonly digest: Sha256Text;
      readonly header: TrustRegistryHeader;
    }
  | { readonly kind: "batch"; readonly batch: EntryBatch }
  | { readonly kind: "end" };

/** A `TrustRegistryError` as plain data: an error that crosses threads loses its class and its fields. */
export interface WorkerFault {
  readonly code: TrustRegistryErrorCode;
  readonly message: string;
  readonly file: string | undefined;
  readonly line: number | undefined;
  readonly column: number | undefined;
}
