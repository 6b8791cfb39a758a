import { parentPort, workerData } from "node:worker_threads";

import { checkPiece } from "./check-piece.js";
import { makeReceiptCheckerOf } from "./make-checker.js";
import type { CheckerSettings } from "./make-checker.js";
import type { PieceAnswer, PieceRequest, WorkerMessage } from "./worker-pool.js";

/** Entry of a thread that checks pieces of a log, each when it comes. */

const settings: CheckerSettings = workerData;
const port = parentPort;
if (port === null) throw new Error("this file is run as a worker thread");

const receipts = await makeReceiptCheckerOf(settings);
port.on("message", ({ id, bytes }: PieceRequest) => {
  const answer: PieceAnswer = {
    id,
    result: checkPiece(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), receipts),
  };
  port.postMessage(answer);
});
port.postMessage("ready" satisfies WorkerMessage);
