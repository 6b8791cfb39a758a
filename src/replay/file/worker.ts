import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { DependencyError, ReplayStoreError } from "../../errors.js";
import { quotedError } from "../../lib/text.js";
import { DATA_FILE, fileIdentity, isFull } from "./data-file.js";
import { enterGate, leaveGate } from "./exit-gate.js";
import { Ledger } from "./ledger.js";
import type { LedgerLimits } from "./ledger.js";
import { openLmdb } from "./lmdb-records.js";
import type { LmdbStore } from "./lmdb-records.js";
import { decodeClaims, encodeOutcomes } from "./messages.js";
import type {
  FileStoreFault,
  FileStoreMessage,
  FileStoreRequest,
  FileStoreResult,
  FileStoreThreadData,
  LedgerRequest,
} from "./messages.js";
import type { Records } from "./records.js";
import { Sweeper } from "./sweeper.js";

/**
 * Entry of the thread in which a file store has its database. A thread, since a transaction waits for the lock of
 * whoever else writes, and the lock is held only while this thread works: not while the server is busy with a tool.
 */

/** Requests of one transaction: others have their turn then. */
const MAX_REQUESTS = 256;
/** Codes of the system and of lmdb that say that there is no room. */
const NO_ROOM = /ENOSPC|No space left|EDQUOT|MDB_MAP_FULL/;
/** What lmdb says of a write that was cut short, as the first is on a disk that is full. */
const SHORT_WRITE = /EIO|Input\/output error/;

const { settings, gate }: FileStoreThreadData = workerData;
const port = parentPort;
if (port === null) throw new Error("this file is run as a worker thread");

const post = (message: FileStoreMessage): void => {
  port.postMessage(message);
};

const opened = await open();
if (opened !== undefined && "kind" in opened) post(opened);
else if (opened !== undefined) serve(opened);

/** What it failed with is told outside the gate: whoever hears of it may end this thread at once. */
async function open(): Promise<LmdbStore | FileStoreFault | undefined> {
  if (!enterGate(gate)) return undefined;
  try {
    return await openLmdb(settings.dir, settings.createdAtMs);
  } catch (error) {
    return openFaultOf(error);
  } finally {
    leaveGate(gate);
  }
}

function serve(opened: LmdbStore): void {
  const { capacity, perSignerShare, dir } = settings;
  const limits: LedgerLimits = { capacity, perSignerShare, notBeforeMs: opened.createdAtMs };
  const sweeper = new Sweeper(randomBytes(32));
  const identity = fileIdentity(dir);
  let nowMs = 0;
  let isEnding = false;
  let isCleaning = false;
  const end = (): void => {
    isEnding = true;
    port?.close();
    if (!enterGate(gate)) return;
    void opened.close().finally(() => {
      leaveGate(gate);
    });
  };
  /** What is left to be cleaned up is done in transactions of its own, between which others have their turn. */
  const cleanUpLater = (): void => {
    if (isCleaning || isEnding || !sweeper.isBehind) return;
    isCleaning = true;
    setImmediate(() => {
      isCleaning = false;
      if (isEnding || !enterGate(gate)) return;
      try {
        opened.transact((records) => {
          new Ledger(records, limits).finish(sweeper, nowMs);
        });
        cleanUpLater();
      } catch {
        // Nobody waits for it. If the store has failed, the next request finds that out.
      } finally {
        leaveGate(gate);
      }
    });
  };
  port?.on("message", (first: FileStoreRequest) => {
    if (first === "close") {
      end();
      return;
    }
    // The process is at its end: nobody waits for an answer any more.
    if (!enterGate(gate)) return;
    const requests = [first];
    try {
      const results = opened.transact((records) => {
        const done = work(records, requests, limits, sweeper);
        // While the lock is held: what is thrown here undoes it all.
        if (fileIdentity(dir) !== identity) throw takenAway(dir);
        return done;
      });
      post({ kind: "answers", results });
      nowMs = Math.max(...requests.map((request) => request.nowMs));
      cleanUpLater();
    } catch (error) {
      const fault = faultOf(error);
      post({ kind: "answers", results: requests.map(() => fault) });
      if (fault.lasting) setImmediate(end);
    } finally {
      leaveGate(gate);
    }
  });
  post({ kind: "opened" });
}

/** Does all that was asked by now, what came while the thread waited for the lock included. */
function work(
  records: Records,
  requests: LedgerRequest[],
  limits: LedgerLimits,
  sweeper: Sweeper,
): FileStoreResult[] {
  const ledger = new Ledger(records, limits);
  const results: FileStoreResult[] = [];
  let nowMs = 0;
  for (let request = requests[0]; request !== undefined; request = requests[results.length]) {
    nowMs = Math.max(nowMs, request.nowMs);
    results.push(answer(ledger, request));
    if (requests.length < MAX_REQUESTS) requests.push(...nextRequest());
  }
  ledger.finish(sweeper, nowMs);
  return results;
}

/** Nothing comes after a request to close, nor is one sent while others are not answered. */
function nextRequest(): LedgerRequest[] {
  const received: { readonly message: FileStoreRequest } | undefined =
    port === null ? undefined : receiveMessageOnPort(port);
  return received === undefined || received.message === "close" ? [] : [received.message];
}

function answer(ledger: Ledger, request: LedgerRequest): FileStoreResult {
  const { nowMs } = request;
  if (request.kind === "claim") {
    const outcomes = decodeClaims(request.claims).map((claim) => ledger.claim(claim, nowMs));
    return { kind: "claimed", outcomes: encodeOutcomes(outcomes) };
  }
  if (request.kind === "charge") return { kind: "charged", outcome: ledger.charge(request.charges, nowMs) };
  ledger.refund(request.charges, nowMs);
  return { kind: "refunded" };
}

function takenAway(dir: string): ReplayStoreError {
  return new ReplayStoreError(
    "replay_unavailable",
    `${join(dir, DATA_FILE)} or the lock file beside it was removed or replaced while it was in use`,
  );
}

function openFaultOf(error: unknown): FileStoreFault {
  const fault = { kind: "fault", lasting: true } as const;
  if (error instanceof ReplayStoreError) return { ...fault, code: error.code, message: error.message };
  if (error instanceof DependencyError)
    return { ...fault, code: "dependency_missing", message: error.message };
  return { ...fault, code: "replay_not_writable", message: quotedError(error) };
}

/** After anything but a plain lack of room nothing is certain, and the database is opened again. */
function faultOf(error: unknown): FileStoreFault {
  const text = error instanceof ReplayStoreError ? error.message : quotedError(error);
  const isPlain = NO_ROOM.test(text);
  return isPlain || (SHORT_WRITE.test(text) && isFull(settings.dir))
    ? {
        kind: "fault",
        code: "replay_full",
        message: `the replay store's disk is full: ${text}`,
        lasting: !isPlain,
      }
    : {
        kind: "fault",
        code: "replay_unavailable",
        message: `the replay store failed: ${text}`,
        lasting: true,
      };
}
