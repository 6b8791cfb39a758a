import type { Verified } from "../../verify/verify-call.js";
import type { CallScope } from "./call-scope.js";
import type { RequestId } from "../message.js";

/** A request of a connection that is not answered yet. */
export type InFlight = PlainRequest | PendingCall | RunningCall;

/** A request that needs no receipt, or was let through without. */
export interface PlainRequest {
  readonly state: "plain";
  readonly method: string;
  readonly sinceMs: number;
  cancelledAtMs: number | undefined;
}

/** A call that is being verified. The SDK has not seen it. */
export class PendingCall {
  readonly state = "pending";
  readonly method: string;
  readonly sinceMs: number;
  /** Whether another request of this id came from what may be another peer. */
  twinned = false;
  #cancelled = false;
  #controller: AbortController | undefined;

  constructor(method: string, sinceMs: number) {
    this.method = method;
    this.sinceMs = sinceMs;
  }

  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** For whoever waits. Made when it is first asked for: few calls wait for anything. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#cancelled) this.#controller.abort();
    return this.#controller.signal;
  }

  cancel(): void {
    this.#cancelled = true;
    this.#controller?.abort();
  }
}

/** A verified call that the SDK has. Once its scope says that it is answered, its answer is being signed. */
export interface RunningCall {
  readonly state: "running";
  readonly method: string;
  readonly sinceMs: number;
  readonly verified: Verified;
  readonly scope: CallScope;
  /** Whether the request asked for a task. */
  readonly task: boolean;
  cancelledAtMs: number | undefined;
  /** Whether it counts as in flight. It is counted out once: by a cancel, by its signed answer, or with the connection. */
  counted: boolean;
  /** Whether another request of this id came from what may be another peer. Then its answer is not sent. */
  twinned: boolean;
}

/** How long the entry of a cancelled request is kept: the SDKs ignore some cancels, and answer. */
export const CANCELLED_KEPT_MS = 600_000;

/** Bytes of receipts, as text, that a connection keeps of cancelled calls. As objects they may take many times as much. */
const CANCELLED_KEPT_BYTES = 1_048_576;

/** After this time a call counts as lost. Its answer, should it come, is withheld. */
const RUNNING_KEPT_MS = 86_400_000;

/**
 * The requests in flight on one connection, by id. `1` and `"1"` are different ids. An entry goes with the request's
 * answer, with the connection, or after a time, never because of a cancel.
 */
export class InFlightRequests {
  readonly #entries = new Map<RequestId, InFlight>();
  #cancelledBytes = 0;

  get size(): number {
    return this.#entries.size;
  }

  get(id: RequestId): InFlight | undefined {
    return this.#entries.get(id);
  }

  set(id: RequestId, entry: InFlight): void {
    this.#entries.set(id, entry);
  }

  /** Takes an entry out, unless another has its id by now. */
  delete(id: RequestId, entry: InFlight): void {
    if (this.#entries.get(id) === entry) this.#remove(id, entry);
  }

  /**
   * Notes that a request was cancelled. It may be answered all the same, so it is kept for a while.
   *
   * @returns what was cancelled before and is not kept any longer, so that there is room.
   */
  cancel(entry: PlainRequest | RunningCall, nowMs: number): InFlight[] {
    entry.cancelledAtMs = nowMs;
    this.#cancelledBytes += bytesOf(entry);
    const given: InFlight[] = [];
    for (const [id, other] of this.#entries) {
      if (this.#cancelledBytes <= CANCELLED_KEPT_BYTES) break;
      if (other === entry || !isCancelled(other)) continue;
      this.#remove(id, other);
      given.push(other);
    }
    return given;
  }

  /** When the first cancelled request is not kept any longer; `undefined` if none is cancelled. */
  get nextLostMs(): number | undefined {
    let first: number | undefined;
    for (const entry of this.#entries.values()) {
      if (isCancelled(entry))
        first = Math.min(first ?? Infinity, entry.cancelledAtMs + CANCELLED_KEPT_MS + 1);
    }
    return first;
  }

  /** Takes out what has waited too long for an answer. */
  takeLost(nowMs: number): InFlight[] {
    const lost: InFlight[] = [];
    for (const [id, entry] of this.#entries) {
      const gone = isCancelled(entry) && nowMs - entry.cancelledAtMs > CANCELLED_KEPT_MS;
      if (!gone && nowMs - entry.sinceMs <= RUNNING_KEPT_MS) continue;
      this.#remove(id, entry);
      lost.push(entry);
    }
    return lost;
  }

  takeAll(): InFlight[] {
    const all = [...this.#entries.values()];
    this.#entries.clear();
    this.#cancelledBytes = 0;
    return all;
  }

  #remove(id: RequestId, entry: InFlight): void {
    this.#entries.delete(id);
    if (isCancelled(entry)) this.#cancelledBytes -= bytesOf(entry);
  }
}

function isCancelled(
  entry: InFlight,
): entry is Exclude<InFlight, PendingCall> & { readonly cancelledAtMs: number } {
  return entry.state !== "pending" && entry.cancelledAtMs !== undefined;
}

function bytesOf(entry: InFlight): number {
  return entry.state === "running" ? entry.verified.whole.length : 0;
}
