import { setImmediate } from "node:timers/promises";

import { chosenBackend } from "../../crypto/chosen-backend.js";
import { nodeBackend } from "../../crypto/node-backend.js";
import { findWorkerFile } from "../../lib/worker-file.js";
import type { TrustRegistry } from "../../trust/registry.js";
import { shipRegistry } from "../../trust/shipment.js";
import { checkPiece } from "./check-piece.js";
import { makeReceiptChecker } from "./make-checker.js";
import type { Verification } from "./options.js";
import type { PieceChecker } from "./worker-pool.js";

/** What decides in which thread pieces are checked. */
export interface CheckerChoice {
  /** Bytes of a log that is still verified in this thread: a thread takes 40 ms to start, and so do some 250 records. */
  readonly maxBytesHere: number;
  /** The compiled `worker.js`. */
  readonly workerUrl: URL;
}

const MAX_BYTES_HERE = 1024 * 1024;

/** Starts what checks the pieces of a log of some size. */
export async function chooseChecker(
  bytes: number,
  { threads, paramsKeys }: Verification,
  registry: TrustRegistry | undefined,
  choice: Partial<CheckerChoice>,
): Promise<PieceChecker> {
  const workerUrl = choice.workerUrl ?? findWorkerFile(import.meta.url, "audit/verify/worker.js");
  // Where the package was put into a bundle of somebody else's, there is no worker: it takes longer then.
  const isHere = workerUrl === undefined || bytes <= (choice.maxBytesHere ?? MAX_BYTES_HERE);
  if (isHere) return checkHere(paramsKeys, registry);
  // Loaded only where it is needed, as its threads are.
  const { WorkerPool } = await import("./worker-pool.js");
  const sodium = chosenBackend() !== nodeBackend;
  const settings = { registry: registry && shipRegistry(registry), paramsKeys, sodium };
  return new WorkerPool(threads, settings, workerUrl);
}

async function checkHere(
  paramsKeys: Verification["paramsKeys"],
  registry: TrustRegistry | undefined,
): Promise<PieceChecker> {
  const receipts = await makeReceiptChecker(paramsKeys, registry);
  return {
    inFlight: 0,
    async check(bytes) {
      // Others get their turn between two pieces.
      await setImmediate();
      return [checkPiece(bytes, receipts)];
    },
    close: () => Promise.resolve(),
  };
}
