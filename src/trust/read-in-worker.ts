import { on } from "node:events";
import { Worker } from "node:worker_threads";

import { TrustRegistryError } from "../errors.js";
import type { EntryBatch } from "./batches.js";
import type { LoadRequest } from "./load-contents.js";
import type { Reading } from "./reading.js";
import type { WorkerMessage } from "./worker-messages.js";

/**
 * Reads a file in a thread of its own, which ends when `take` is through.
 *
 * @param workerUrl - The compiled `worker.js`.
 * @throws `TrustRegistryError` what `loadContents` throws; `registry_too_large` when the thread runs out of memory,
 * `registry_unreadable` when it fails otherwise, `registry_closed` when `signal` is aborted.
 */
export async function readInWorker<T>(
  request: LoadRequest,
  take: (reading: Reading) => Promise<T>,
  workerUrl: URL,
  signal: AbortSignal,
): Promise<T> {
  // Flags of this process, such as --input-type, are not for the worker; it has no use for the environment either.
  const worker = new Worker(workerUrl, { workerData: request, execArgv: [], env: {} });
  // Its errors come with its messages; one that comes after the last is of no more interest.
  worker.on("error", () => undefined);
  const messages: Messages = on(worker, "message", { close: ["exit"], signal });
  try {
    return await take(await readFirst(worker, messages));
  } catch (cause) {
    throw cause instanceof TrustRegistryError ? cause : workerFailure(request.file, cause, signal);
  } finally {
    await messages.return?.();
    await worker.terminate();
  }
}

type Messages = AsyncIterator<readonly WorkerMessage[]>;

async function readFirst(worker: Worker, messages: Messages): Promise<Reading> {
  const first = await receive(messages);
  if (first.kind === "fault")
    throw new TrustRegistryError(first.fault.code, first.fault.message, first.fault);
  if (first.kind === "unchanged") return { stamp: first.stamp, digest: first.digest, version: undefined };
  if (first.kind !== "read") throw new Error(`the worker sent ${first.kind} first`);
  const { stamp, digest, header } = first;
  return { stamp, digest, version: { header, batches: askForBatches(worker, messages) } };
}

/** Asks for one batch after another: all at once, they would be received in one go, and nothing else run meanwhile. */
async function* askForBatches(
  worker: Worker,
  messages: Messages,
): AsyncGenerator<EntryBatch, void, undefined> {
  for (;;) {
    worker.postMessage("next");
    const message = await receive(messages);
    if (message.kind !== "batch") return;
    yield message.batch;
  }
}

async function receive(messages: Messages): Promise<WorkerMessage> {
  const { value, done } = await messages.next();
  const [message]: readonly WorkerMessage[] = done === true ? [] : value;
  if (message === undefined) throw new Error("the worker ended before it was done");
  return message;
}

function workerFailure(file: string, cause: unknown, signal: AbortSignal): TrustRegistryError {
  if (signal.aborted)
    return new TrustRegistryError("registry_closed", `${file}: closed while it was read`, { file, cause });
  const isOutOfMemory =
    cause instanceof Error && "code" in cause && cause.code === "ERR_WORKER_OUT_OF_MEMORY";
  return isOutOfMemory
    ? new TrustRegistryError("registry_too_large", `${file}: does not fit into the worker's memory`, {
        file,
        cause,
      })
    : new TrustRegistryError("registry_unreadable", `${file}: the worker that reads it failed`, {
        file,
        cause,
      });
}
