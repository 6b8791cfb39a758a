import { Worker } from "node:worker_threads";
import { DependencyError, ReplayStoreError } from "../../errors.js";
import type { SignetError } from "../../errors.js";
import { inTime } from "../../lib/in-time.js";
import { quotedError } from "../../lib/text.js";
import { createGateCells, unwatchGate, watchGate } from "./exit-gate.js";
import type {
  FileStoreFault,
  FileStoreMessage,
  FileStoreRequest,
  FileStoreResult,
  FileStoreSettings,
  FileStoreThreadData,
  LedgerRequest,
} from "./messages.js";

/** How long the database may take to open. It waits for the lock of whoever else writes. */
const OPEN_DEADLINE_MS = 5000;
/** How long the thread may take to end. One that waits for a lock cannot be ended. */
const CLOSE_DEADLINE_MS = 1000;

type Settle = (result: FileStoreResult) => void;

/** The thread that has the database. Ends for good when it fails. */
export class StoreThread {
  readonly #worker: Worker;
  /** Who waits for an answer, in the order of the requests. */
  readonly #waiting: Settle[] = [];
  #fault: FileStoreFault | undefined;
  #onIdle: () => void = () => {};

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on("error", (error) => {
      this.#end(quotedError(error));
    });
    worker.on("exit", () => {
      this.#end("its thread has ended");
    });
  }

  /**
   * Starts the thread and has it open the database.
   *
   * @throws `ReplayStoreError`, `DependencyError`: what `openLmdb` throws; `replay_unavailable` when it takes longer than five seconds.
   */
  static async open(workerUrl: URL, settings: FileStoreSettings): Promise<StoreThread> {
    // Flags of this process, such as --input-type, are not for the worker; it has no use for the environment either.
    const gate = createGateCells();
    const workerData: FileStoreThreadData = { settings, gate };
    const worker = new Worker(workerUrl, { workerData, execArgv: [], env: {} });
    watchGate(gate);
    worker.on("exit", () => {
      unwatchGate(gate);
    });
    const thread = new StoreThread(worker);
    const opened = new Promise<FileStoreFault | undefined>((resolve) => {
      worker.on("message", (message: FileStoreMessage) => {
        if (message.kind === "answers") thread.#settle(message.results);
        else resolve(message.kind === "fault" ? message : undefined);
      });
      worker.on("exit", () => {
        resolve(thread.#fault);
      });
    });
    const fault = await inTime(opened, OPEN_DEADLINE_MS, () => stuck(settings.dir));
    worker.unref();
    if (fault === undefined) return thread;
    // Not waited for: it may be waiting for a lock, and then it cannot be ended.
    void worker.terminate();
    throw faultError(fault);
  }

  /** Why the thread has ended, if it has. */
  get fault(): FileStoreFault | undefined {
    return this.#fault;
  }

  /** Asks for one thing. Never rejects: a fault is a result. */
  ask(request: LedgerRequest, transfer: readonly ArrayBuffer[] = []): Promise<FileStoreResult> {
    if (this.#fault !== undefined) return Promise.resolve(this.#fault);
    return new Promise((resolve) => {
      this.#send(request, transfer);
      // Only now: an answer to what was not sent would be another's. A process that waits for one does not end.
      if (this.#waiting.push(resolve) === 1) this.#worker.ref();
    });
  }

  /** Closes the database and ends the thread. Ask for nothing any more. */
  async close(): Promise<void> {
    if (this.#fault !== undefined) return;
    const ended = new Promise<void>((resolve) => {
      this.#worker.once("exit", resolve);
      // What was asked before is answered first.
      this.#onIdle = () => {
        this.#send("close", []);
      };
      if (this.#waiting.length === 0) this.#onIdle();
    });
    this.#worker.ref();
    await inTime(ended, CLOSE_DEADLINE_MS, () => undefined);
    this.#worker.unref();
  }

  #send(request: FileStoreRequest, transfer: readonly ArrayBuffer[]): void {
    this.#worker.postMessage(request, transfer);
  }

  #settle(results: readonly FileStoreResult[]): void {
    for (const result of results) {
      if (result.kind === "fault" && result.lasting) this.#fault ??= result;
      this.#waiting.shift()?.(result);
    }
    if (this.#waiting.length > 0) return;
    this.#worker.unref();
    this.#onIdle();
  }

  #end(why: string): void {
    const message = `the replay store failed: ${why}`;
    this.#fault ??= { kind: "fault", code: "replay_unavailable", message, lasting: true };
    for (const settle of this.#waiting.splice(0)) settle(this.#fault);
  }
}

/** The exception that stands for a fault. */
export function faultError({ code, message }: FileStoreFault): SignetError {
  return code === "dependency_missing"
    ? new DependencyError(code, message)
    : new ReplayStoreError(code, message);
}

function stuck(dir: string): FileStoreFault {
  const message =
    `the replay store in ${dir} did not open within ${OPEN_DEADLINE_MS / 1000} s: a process that has it open is stopped, or hangs; ` +
    `find it with \`fuser -v '${dir}/lock.mdb'\` and end it`;
  return { kind: "fault", code: "replay_unavailable", message, lasting: true };
}
