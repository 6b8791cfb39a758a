import { Worker } from "node:worker_threads";

import { AuditLogError } from "../../errors.js";
import { PIECE_BYTES } from "../read/read-pieces.js";
import { skipPiece } from "./check-piece.js";
import type { PieceResult } from "./check-piece.js";
import { cutApart } from "./cut-apart.js";
import type { CheckerSettings } from "./make-checker.js";
import type { RecordFinding } from "./record-finding.js";

/** Checks pieces of a log, in this thread or in others. */
export interface PieceChecker {
  /** Pieces that are worth having at work at the same time. */
  readonly inFlight: number;
  /**
   * @param bytes - In a buffer of its own, which is given away.
   * @returns what came of it, part by part: one, if nothing went wrong.
   */
  check(bytes: Buffer<ArrayBuffer>): Promise<readonly PieceResult[]>;
  close(): Promise<void>;
}

export interface PieceRequest {
  readonly id: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface PieceAnswer {
  readonly id: number;
  readonly result: PieceResult;
}

/** What a thread says: first that it can be given pieces. */
export type WorkerMessage = "ready" | PieceAnswer;

/** One at work and one that waits for it. */
const PIECES_A_THREAD = 2;

/**
 * Pieces leave little behind: a small young generation does. The old one is bounded because V8 lets a heap grow the more the
 * more it may; the longest line of the worst form takes two thirds of this.
 */
const HEAP_MB = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 512 };

/** Bytes of a piece, unless a line is longer. A buffer for a copy of one is used again: to collect them would take more memory. */
const SPARE_BYTES = PIECE_BYTES;

/** A piece that a thread has, and may die with. */
interface Job {
  /** A copy, in a buffer that is used again. */
  readonly kept: Buffer;
  readonly resolve: (results: readonly PieceResult[]) => void;
  readonly reject: (error: Error) => void;
}

interface Thread {
  readonly worker: Worker;
  /** In the order in which they were given to it: it is at work at the first. */
  readonly jobs: Map<number, Job>;
  isReady: boolean;
  fault: unknown;
}

/**
 * Threads that check pieces. One that dies is replaced: its pieces are checked by the others, and the one that it died of is cut
 * until it is one line, which is passed over.
 */
export class WorkerPool implements PieceChecker {
  readonly inFlight: number;
  readonly #settings: CheckerSettings;
  readonly #workerUrl: URL;
  readonly #threads = new Set<Thread>();
  readonly #spares: Buffer[] = [];
  #failure: AuditLogError | undefined;
  #lastId = 0;

  /** @param workerUrl - The compiled `worker.js`. */
  constructor(count: number, settings: CheckerSettings, workerUrl: URL) {
    this.inFlight = count * PIECES_A_THREAD;
    this.#settings = settings;
    this.#workerUrl = workerUrl;
    for (let started = 0; started < count; started++) this.#start();
  }

  check(bytes: Buffer<ArrayBuffer>): Promise<readonly PieceResult[]> {
    const kept = this.#keep(bytes);
    return new Promise((resolve, reject) => this.#give({ kept, resolve, reject }, bytes));
  }

  async close(): Promise<void> {
    this.#fail(new AuditLogError("audit_closed", "the verification was ended"));
    await Promise.all([...this.#threads].map(({ worker }) => worker.terminate()));
  }

  #start(): void {
    // Flags of this process, such as --input-type, are not for the worker; it has no use for the environment either.
    const worker = new Worker(this.#workerUrl, {
      workerData: this.#settings,
      execArgv: [],
      env: {},
      resourceLimits: HEAP_MB,
    });
    const thread: Thread = { worker, jobs: new Map(), isReady: false, fault: undefined };
    worker.on("message", (message: WorkerMessage) => {
      if (message === "ready") {
        thread.isReady = true;
        return;
      }
      const job = thread.jobs.get(message.id);
      if (job === undefined) return;
      thread.jobs.delete(message.id);
      this.#release(job.kept);
      job.resolve([message.result]);
    });
    worker.on("error", (cause) => void (thread.fault = cause));
    // Comes after all that it had answered.
    worker.on("exit", () => this.#replace(thread));
    this.#threads.add(thread);
  }

  #give(job: Job, bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#failure !== undefined) {
      job.reject(this.#failure);
      return;
    }
    const thread = [...this.#threads].reduce((a, b) => (b.jobs.size < a.jobs.size ? b : a));
    const id = ++this.#lastId;
    thread.jobs.set(id, job);
    const { buffer, byteOffset, length } = bytes;
    const request: PieceRequest = { id, bytes: new Uint8Array(buffer, byteOffset, length) };
    thread.worker.postMessage(request, [buffer]);
  }

  #keep(bytes: Buffer): Buffer {
    const spare = bytes.length > SPARE_BYTES ? undefined : this.#spares.pop();
    const buffer = spare ?? Buffer.allocUnsafeSlow(Math.max(bytes.length, SPARE_BYTES));
    return buffer.subarray(0, bytes.copy(buffer));
  }

  #release({ buffer }: Buffer): void {
    if (buffer.byteLength === SPARE_BYTES) this.#spares.push(Buffer.from(buffer));
  }

  #replace(thread: Thread): void {
    const [fatal, ...others] = thread.jobs.values();
    // One that could not even begin, or died of nothing, will not be better the next time.
    if (!thread.isReady || fatal === undefined) this.#fail(threadFailed(thread.fault));
    this.#threads.delete(thread);
    if (this.#failure !== undefined || fatal === undefined) return;
    try {
      this.#start();
    } catch (cause) {
      this.#fail(threadFailed(cause));
    }
    this.#takeApart(fatal);
    for (const job of others) this.#give(job, new Uint8Array(job.kept));
  }

  /** Has the parts of a piece checked that a thread died of. */
  #takeApart({ kept, resolve, reject }: Job): void {
    const parts = cutApart(kept);
    if (parts.length > 1) {
      Promise.all(parts.map((part) => this.check(part))).then((results) => resolve(results.flat()), reject);
    } else {
      resolve([skipPiece(kept, TOO_COMPLEX)]);
    }
    this.#release(kept);
  }

  #fail(error: AuditLogError): void {
    this.#failure ??= error;
    for (const { jobs } of this.#threads) {
      for (const { reject } of jobs.values()) reject(this.#failure);
      jobs.clear();
    }
  }
}

const TOO_COMPLEX: RecordFinding = {
  code: "record_too_complex",
  detail: "a thread that checked the line ran out of memory, or died",
};

function threadFailed(cause: unknown): AuditLogError {
  return new AuditLogError("audit_unreadable", "a thread that verifies the log failed", { cause });
}
