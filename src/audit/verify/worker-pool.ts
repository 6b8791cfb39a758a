import { Worker } from "node:worker_threads";

import { AuditLogError } from "../../errors.js";
import type { PieceResult } from "./check-piece.js";
import type { CheckerSettings } from "./make-checker.js";

/** Checks pieces of a log, in this thread or in others. */
export interface PieceChecker {
  /** Pieces that are worth having at work at the same time. */
  readonly inFlight: number;
  /** @param bytes - At the beginning of a buffer of its own, which is given away. */
  check(bytes: Buffer<ArrayBuffer>): Promise<PieceResult>;
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

/** One at work and one that waits for it. */
const PIECES_A_THREAD = 2;

/**
 * Pieces leave little behind: a small young generation does. The old one is bounded because V8 lets a heap grow the more the
 * more it may; the longest line of the worst form takes half of this.
 */
const HEAP_MB = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 512 };

interface Waiting {
  readonly resolve: (result: PieceResult) => void;
  readonly reject: (error: Error) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly waiting: Map<number, Waiting>;
}

/** Threads that check pieces. */
export class WorkerPool implements PieceChecker {
  readonly inFlight: number;
  readonly #threads: readonly Thread[];
  #failure: AuditLogError | undefined;
  #lastId = 0;

  /** @param workerUrl - The compiled `worker.js`. */
  constructor(count: number, settings: CheckerSettings, workerUrl: URL) {
    this.inFlight = count * PIECES_A_THREAD;
    this.#threads = Array.from({ length: count }, () => this.#start(settings, workerUrl));
  }

  check(bytes: Buffer<ArrayBuffer>): Promise<PieceResult> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const thread = this.#threads.reduce((a, b) => (b.waiting.size < a.waiting.size ? b : a));
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      thread.waiting.set(id, { resolve, reject });
      const request: PieceRequest = {
        id,
        bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length),
      };
      thread.worker.postMessage(request, [bytes.buffer]);
    });
  }

  async close(): Promise<void> {
    this.#fail(new AuditLogError("audit_closed", "the verification was ended"));
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  #start(settings: CheckerSettings, workerUrl: URL): Thread {
    // Flags of this process, such as --input-type, are not for the worker; it has no use for the environment either.
    const worker = new Worker(workerUrl, {
      workerData: settings,
      execArgv: [],
      env: {},
      resourceLimits: HEAP_MB,
    });
    const waiting = new Map<number, Waiting>();
    worker.on("message", ({ id, result }: PieceAnswer) => {
      waiting.get(id)?.resolve(result);
      waiting.delete(id);
    });
    worker.on("error", (cause) => this.#fail(threadFailed(cause)));
    worker.on("exit", () => this.#fail(threadFailed(undefined)));
    return { worker, waiting };
  }

  #fail(error: AuditLogError): void {
    this.#failure ??= error;
    for (const { waiting } of this.#threads) {
      for (const { reject } of waiting.values()) reject(this.#failure);
      waiting.clear();
    }
  }
}

function threadFailed(cause: unknown): AuditLogError {
  return new AuditLogError("audit_unreadable", "a thread that verifies the log failed", { cause });
}
