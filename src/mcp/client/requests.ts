import type { SentCall } from "./request.js";
import type { RequestId } from "../message.js";

/** A request that has no answer yet. */
export interface OpenRequest {
  /** Whether it carries a receipt. The answer to one that does not is handed on as it is. */
  readonly signed: boolean;
  /** What was sent. While its receipt is being made and logged there is none, and nothing can be an answer. */
  call: SentCall | undefined;
}

/**
 * The requests of one connection that wait for an answer. An entry goes with its answer, with a cancel, when the
 * request could not be sent, and with the connection; an answer that comes later finds nothing.
 */
export class OpenRequests {
  readonly #entries = new Map<RequestId, OpenRequest>();

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

  clear(): void {
    this.#entries.clear();
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
