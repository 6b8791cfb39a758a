import { SigningTransportError } from "../../errors.js";
import { isPlainObject, ownValue } from "../../lib/json.js";
import { andThen, isPromise } from "../../lib/maybe-promise.js";
import type { MaybePromise } from "../../lib/maybe-promise.js";
import { sha256Text } from "../../crypto/digest.js";
import { unsent } from "./call-log.js";
import type { CallLog } from "./call-log.js";
import type { ClientContext } from "./context.js";
import { refusalAnswer, rejectAnswer } from "./refusals.js";
import type { ClientRejection } from "./refusals.js";
import { resumedCall, signCall } from "./request.js";
import type { SignedCall } from "./request.js";
import type { OpenRequest } from "./requests.js";
import { asJson, classifyMessage, isRequestId } from "../message.js";
import type { Message, RequestId } from "../message.js";
import type { Forward, SendOptions } from "../transport-proxy.js";

type Request = Extract<Message, { kind: "request" }>;

/** A message on its way out. */
interface Departure {
  readonly raw: unknown;
  readonly options: SendOptions;
  readonly forward: Forward;
}

/** Requests that may wait for an answer at one time. Beyond, new ones get an error. */
const MAX_OPEN_REQUESTS = 10_000;

/**
 * What a signing transport sends. A promise that it returns rejects only where that of the real transport does, and
 * for a wrong use: the SDKs leak a handler when `send` rejects, so what cannot be signed is answered with an error.
 */
export class ClientOutbox {
  readonly #context: ClientContext;
  /** Settles when what was signed before is handed to the real transport: a slow signer must not reorder requests. */
  #turn: Promise<void> | undefined;

  constructor(context: ClientContext) {
    this.#context = context;
  }

  send(raw: unknown, options: SendOptions, forward: Forward): Promise<void> {
    const departure: Departure = { raw, options, forward };
    const message = readMessage(raw);
    if (message.kind === "request") return this.#sendRequest(message, departure);
    if (message.kind === "notification" && message.method === "notifications/cancelled") {
      return this.#sendCancel(message.params, departure);
    }
    if (Array.isArray(raw) && raw.some((element) => readMessage(element).kind === "request")) {
      return reject("batch_not_signable", "requests are signed one by one: send them one by one");
    }
    return forward(raw, options);
  }

  #sendRequest(request: Request, departure: Departure): Promise<void> {
    const { settings, requests } = this.#context;
    const { id, method } = request;
    const covered = settings.methods.covers(method);
    const earlier = requests.get(id);
    if (earlier !== undefined && (covered || earlier.signed)) {
      return reject("duplicate_request", "a request of this id waits for its answer");
    }
    if (earlier === undefined && requests.size >= MAX_OPEN_REQUESTS) {
      return this.#answer(id, rejectAnswer("too_many_requests", `${MAX_OPEN_REQUESTS} requests are open`));
    }
    const entry: OpenRequest = { signed: covered, call: undefined, logged: false };
    requests.set(id, entry);
    this.#releaseOnAbort(id, entry, departure.options);
    if (!covered) return this.#forward(id, entry, departure.raw, departure);
    return this.#inTurn(this.#sign(request, entry, departure.options), (signed) =>
      this.#sendSigned(id, entry, signed, departure),
    );
  }

  #sign(request: Request, entry: OpenRequest, options: SendOptions): MaybePromise<SignedCall> {
    const { settings, files, requests, transport } = this.#context;
    const opened = files.open();
    if (isPromise(opened)) opened.catch(() => requests.delete(request.id, entry));
    return andThen(opened, ({ identity, log }) => {
      // To resume, the SDKs' HTTP transports take up a stream and post nothing.
      if (options?.resumptionToken !== undefined) return resumedCall(request, settings.target);
      const signed = signCall(request, { identity, settings, transport });
      return log === undefined
        ? signed
        : andThen(signed, (call) => this.#record(request.id, entry, call, log));
    });
  }

  /** Logs a receipt before it is sent: at once, and not in its turn, so that requests share what the disk takes. */
  #record(id: RequestId, entry: OpenRequest, signed: SignedCall, log: CallLog): MaybePromise<SignedCall> {
    if (!signed.ok || signed.call.receipt === undefined) return signed;
    // Cancelled or closed while it was being signed.
    if (this.#context.requests.get(id) !== entry) return signed;
    return log.appendIntent(signed.call.receipt).then(
      () => {
        entry.logged = true;
        return signed;
      },
      (cause: unknown) => {
        this.#context.handover.report(cause);
        return { ...unsent(cause), cause };
      },
    );
  }

  #sendSigned(id: RequestId, entry: OpenRequest, signed: SignedCall, departure: Departure): Promise<void> {
    const { requests, settings, handover } = this.#context;
    // Cancelled or closed while it was being signed or logged: nobody waits for an answer, so nothing is asked.
    if (requests.get(id) !== entry) {
      if (signed.ok && entry.logged) this.#context.noteUnanswered(signed.call, "not_sent");
      return Promise.resolve();
    }
    if (!signed.ok) {
      requests.delete(id, entry);
      if (signed.code === "signer_failed") handover.report(signed.cause);
      return this.#answer(id, signed);
    }
    const { call } = signed;
    entry.call = call;
    if (call.receipt === undefined) return this.#forward(id, entry, departure.raw, departure);
    settings.sentReceipts.add(call.receipt.id, sha256Text(call.receipt.whole));
    return this.#forward(id, entry, call.request, departure);
  }

  #sendCancel(params: unknown, { raw, options, forward }: Departure): Promise<void> {
    const { requests } = this.#context;
    const id = isPlainObject(params) ? ownValue(params, "requestId") : undefined;
    const entry = isRequestId(id) ? requests.get(id) : undefined;
    if (!isRequestId(id) || entry === undefined) return forward(raw, options);
    requests.giveUp(id, entry, "cancelled");
    const unsent = entry.signed && entry.call === undefined;
    return unsent ? Promise.resolve() : forward(raw, options);
  }

  async #forward(
    id: RequestId,
    entry: OpenRequest,
    message: unknown,
    { options, forward }: Departure,
  ): Promise<void> {
    try {
      await forward(message, options);
    } catch (error) {
      this.#context.requests.giveUp(id, entry, "send_failed");
      throw error;
    }
  }

  #answer(id: RequestId, rejection: ClientRejection): Promise<void> {
    this.#context.handover.answer(refusalAnswer(id, rejection));
    return Promise.resolve();
  }

  /** Over HTTP a client of the 2026 revision cancels by aborting the request; no message says so. */
  #releaseOnAbort(id: RequestId, entry: OpenRequest, options: SendOptions): void {
    const signal: unknown = options === undefined ? undefined : Reflect.get(options, "requestSignal");
    if (!(signal instanceof AbortSignal)) return;
    const giveUp = (): void => {
      this.#context.requests.giveUp(id, entry, "cancelled");
    };
    signal.addEventListener("abort", giveUp, { once: true });
  }

  /** Takes a step once a value is there and every earlier step was begun: at once, if that is so already. */
  #inTurn<T>(value: MaybePromise<T>, step: (value: T) => Promise<void>): Promise<void> {
    if (this.#turn === undefined && !isPromise(value)) return step(value);
    const ready = Promise.all([value, this.#turn]);
    const turn = ready.then(nothing, nothing).then(() => {
      if (this.#turn === turn) this.#turn = undefined;
      return undefined;
    });
    this.#turn = turn;
    return ready.then(([settled]) => step(settled));
  }
}

/** Reads a message that may be passed by reference, and then need not be a plain object. */
function readMessage(raw: unknown): Message {
  const message = classifyMessage(raw);
  return message.kind === "other" && typeof raw === "object" ? classifyMessage(asJson(raw)) : message;
}

function reject(code: "batch_not_signable" | "duplicate_request", message: string): Promise<never> {
  return Promise.reject(new SigningTransportError(code, message));
}

function nothing(): void {
  return undefined;
}
