import { copyJson } from "../../crypto/copy-json.js";
import { CanonicalJsonError } from "../../errors.js";
import { isPlainObject } from "../../lib/json.js";
import type { Message, RequestId } from "../message.js";
import type { Deliver, Forward, MessageExtra } from "../transport-proxy.js";
import { signedParams, TOOL_CALL } from "../signed-intent.js";

/** A message that came in, with the way to the SDK and the way back to the peer. */
export interface Arrival {
  readonly message: Message;
  readonly raw: unknown;
  readonly extra: MessageExtra;
  readonly deliver: Deliver;
  readonly forward: Forward;
}

/** A request among the messages. */
export type ArrivedRequest = Extract<Message, { kind: "request" }>;

/**
 * The same request with what its receipt speaks for copied: over HTTP whoever parsed the body may write to it while it
 * waits to be delivered.
 */
export function ownRequest(request: ArrivedRequest, maxDepth: number): ArrivedRequest {
  const { params } = request;
  if (!isPlainObject(params)) return request;
  try {
    const own = copyJson(signedParams(request.method, params), maxDepth);
    const copied =
      request.method === TOOL_CALL
        ? Object.hasOwn(params, "arguments")
          ? { ...params, arguments: own }
          : { ...params }
        : { ...params, ...(isPlainObject(own) ? own : {}) };
    return { ...request, raw: { ...request.raw, params: copied }, params: copied };
  } catch (error) {
    // Of what cannot be copied no receipt holds.
    if (error instanceof CanonicalJsonError) return request;
    throw error;
  }
}

interface ArrivalHandlers {
  readonly handle: (arrival: Arrival) => void;
  /** Told once of all the requests in one tick that have the same id. */
  readonly refuseCopies: (arrival: Arrival, request: ArrivedRequest) => void;
}

/**
 * Collects the messages of a tick before any of them is handled. A batch comes element by element in one tick: two
 * requests of one id have to be seen before either runs.
 */
export class TickOfArrivals {
  readonly #handlers: ArrivalHandlers;
  #arrivals: Arrival[] = [];

  constructor(handlers: ArrivalHandlers) {
    this.#handlers = handlers;
  }

  add(arrival: Arrival): void {
    this.#arrivals.push(arrival);
    if (this.#arrivals.length === 1) queueMicrotask(this.#handleAll);
  }

  readonly #handleAll = (): void => {
    const arrivals = this.#arrivals;
    this.#arrivals = [];
    const [only] = arrivals;
    if (only !== undefined && arrivals.length === 1) this.#handlers.handle(only);
    else this.#handleMany(arrivals);
  };

  #handleMany(arrivals: readonly Arrival[]): void {
    const copies = new Map<RequestId, number>();
    for (const { message } of arrivals) {
      if (message.kind === "request") copies.set(message.id, (copies.get(message.id) ?? 0) + 1);
    }
    const answered = new Set<RequestId>();
    for (const arrival of arrivals) {
      const { message } = arrival;
      if (message.kind !== "request" || copies.get(message.id) === 1) {
        this.#handlers.handle(arrival);
      } else if (!answered.has(message.id)) {
        answered.add(message.id);
        this.#handlers.refuseCopies(arrival, message);
      }
    }
  }
}
