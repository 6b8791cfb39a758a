import { parentPort, workerData } from "node:worker_threads";

import { TrustRegistryError } from "../errors.js";
import { cutIntoBatches } from "./batches.js";
import { loadContents } from "./load-contents.js";
import type { LoadRequest, LoadedContents } from "./load-contents.js";
import type { WorkerMessage } from "./worker-messages.js";

/** Entry of the thread that reads a large registry file. Hands its entries over in batches, each when it is asked for. */

const request: LoadRequest = workerData;
const port = parentPort;
if (port === null) throw new Error("this file is run as a worker thread");

const post = (message: WorkerMessage, transfer: readonly ArrayBuffer[] = []): void =>
  port.postMessage(message, transfer);

try {
  handOver(await loadContents(request));
} catch (cause) {
  if (!(cause instanceof TrustRegistryError)) throw cause;
  const { code, message, file, line, column } = cause;
  post({ kind: "fault", fault: { code, message, file, line, column } });
}

function handOver({ stamp, digest, contents }: LoadedContents): void {
  if (contents === undefined) {
    post({ kind: "unchanged", stamp, digest });
    return;
  }
  const batches = cutIntoBatches(contents);
  port?.on("message", () => {
    const { value: batch } = batches.next();
    if (batch === undefined) post({ kind: "end" });
    else post({ kind: "batch", batch }, [batch.bytes.buffer]);
  });
  post({ kind: "read", stamp, digest, header: contents.header });
}
