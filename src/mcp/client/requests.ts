import type { SentCall } from "./request.js";
import type { RequestId } from "../message.js";

/** A request that has no answer yet. */
export interface OpenRequest {
  /** Whether it carries a receipt. The answer to one that does not is handed on as it is. */
  readonly signed: boolean;
  /** What was sent. While its receipt is being made and logged there is none, and nothing can be an answer. */
  call: SentCall | undefined;
  /** Whether its receipt is in the log. */
  logged: boolean;
}

/** Why a request has no answer: its sender cancelled it, its connection closed, or it could not be sent. */
export type UnansweredReason = "cancelled" | "closed" | "not_sent" | "send_failed";

/**
 * The requests of one connection that wait for an answer. An entry goes with its answer, with a cancel, when the
 * request could not be sent, and with the connection; an answer that comes later finds nothing.
 */
export class OpenRequests {
  readonly #entries = new Map<RequestId, OpenRequest>();
  readonly #onUnanswered: (call: SentCall, why: UnansweredReason) => void;

  /** @param onUnanswered - Told of what was sent, or may have been, and is not waited for any longer. */
  constructor(onUnanswered: (call: SentCall, why: UnansweredReason) => void) {
    this.#onUnanswered = onUnanswered;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(id: RequestId): OpenRequest | undefined {
    return this.#entries.get(id);
  }

  set(id: RequestId, entry: OpenRequest): void {
    this.#entries.set(id, entry);
  }

  /** Takes an entry out, unless another has its id by now. */
  delete(id: RequestId, entry: OpenRequest): void {
    if (this.#entries.get(id) === entry) this.#entries.delete(id);
  }

  /** Takes an entry out that will have no answer. */
  giveUp(id: RequestId, entry: OpenRequest, why: UnansweredReason): void {
    if (this.#entries.get(id) !== entry) return;
    this.#entries.delete(id);
    if (entry.call !== undefined) this.#onUnanswered(entry.call, why);
  }

  /** Gives all up: the connection is closed. */
  clear(): void {
    for (const [id, entry] of this.#entries) this.giveUp(id, entry, "closed");
  }

  /**
   * Finds the request that a client will take an answer for: both SDKs match by `Number(id)`, so `"1"`, `" 1"` and
   * `"0x1"` answer request `1`.
   */
  answeredBy(id: unknown): RequestId | undefined {
    if (typeof id !== "string" && typeof id !== "number") return undefined;
    if (this.#entries.has(id)) return id;
    const number = Number(id);
    return this.#entries.has(number) ? number : undefined;
  }
}
