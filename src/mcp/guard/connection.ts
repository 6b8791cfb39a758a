import { isPlainObject, ownValue } from "../../lib/json.js";
import type { JsonRecord } from "../../lib/json.js";
import { andThen } from "../../lib/maybe-promise.js";
import { REFUSALS } from "../../verify/refusals.js";
import { reject } from "../../verify/verdict.js";
import type { Rejected } from "../../verify/verdict.js";
import type { Verified } from "../../verify/verify-call.js";
import { countOut, signAnswer } from "./call-answer.js";
import { runInScope } from "./call-scope.js";
import type { CallScope } from "./call-scope.js";
import type { GuardCore } from "./core.js";
import { InFlightRequests } from "./in-flight.js";
import type { InFlight, PendingCall } from "./in-flight.js";
import { asJson, classifyMessage, errorAnswer, isRequestId, REFUSED } from "../message.js";
import type { Message, RequestId } from "../message.js";
import { SendOrder } from "../send-order.js";
import { signedIntent } from "../signed-intent.js";
import type { Deliver, Forward, MessageExtra, SendOptions, TransportHooks } from "../transport-proxy.js";

/** A message that came in, with the way to the SDK and the way back to the peer. */
interface Arrival {
  readonly message: Message;
  readonly raw: unknown;
  readonly extra: MessageExtra;
  readonly deliver: Deliver;
  readonly forward: Forward;
}

type Request = Extract<Message, { kind: "request" }>;

export interface ConnectionOptions {
  /** Whether messages are passed by reference, and so can hold what JSON cannot. */
  readonly byReference: boolean;
  /** Told of what goes wrong on this side: the transport's `onerror`. */
  readonly onFault: (error: unknown) => void;
}

/** The guard's side of one connection: calls are verified on their way in, answers countersigned on their way out. */
export class GuardedConnection implements TransportHooks {
  readonly #core: GuardCore;
  readonly #options: ConnectionOptions;
  readonly #requests = new InFlightRequests();
  readonly #order = new SendOrder();
  #tick: Arrival[] = [];
  #closed = false;

  constructor(core: GuardCore, options: ConnectionOptions) {
    this.#core = core;
    this.#options = options;
  }

  receive(raw: unknown, extra: MessageExtra, deliver: Deliver, forward: Forward): void {
    const sent = this.#asSent(raw);
    const message = classifyMessage(sent);
    const arrival = { message, raw: sent, extra, deliver, forward };
    if (sent === undefined) {
      this.#refuseUnwritable(arrival, raw);
      return;
    }
    // An entry that classifies serves one message a transport, and maps some errors of the same tick to HTTP statuses.
    if (extra?.classification !== undefined) {
      this.#handle(arrival);
      return;
    }
    // A batch comes element by element in one tick: two requests of one id have to be seen before either runs.
    this.#tick.push(arrival);
    if (this.#tick.length === 1) queueMicrotask(this.#handleTick);
  }

  send(raw: unknown, options: SendOptions, forward: Forward): Promise<void> {
    const message = classifyMessage(raw);
    if (message.kind === "response") return this.#answer(message.id, message.raw, options, forward);
    return this.#order.run(options?.relatedRequestId, () => forward(raw, options));
  }

  closed(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const entry of this.#requests.takeAll()) this.#giveUp(entry);
  }

  /**
   * The message as a wire would have carried it. What was passed by reference can be anything: an object that inherits
   * its members, is of another realm, or says something else at the next look. What the guard reads and what the SDK
   * gets has to be one and the same.
   */
  #asSent(raw: unknown): unknown {
    return this.#options.byReference || !isPlainObject(raw) ? asJson(raw) : raw;
  }

  /** What has no JSON form, such as a cycle, no wire could have carried. A request gets its answer all the same. */
  #refuseUnwritable(arrival: Arrival, raw: unknown): void {
    const fault = reject("malformed", "the message has no JSON form");
    try {
      const message = classifyMessage(raw);
      if (message.kind === "request") this.#refuse(arrival, { ...message, params: undefined }, fault);
      else this.#options.onFault(new TypeError(fault.detail));
    } catch (error) {
      // Even to look at it throws.
      this.#options.onFault(error);
    }
  }

  readonly #handleTick = (): void => {
    const arrivals = this.#tick;
    this.#tick = [];
    const copies = new Map<RequestId, number>();
    for (const { message } of arrivals) {
      if (message.kind === "request") copies.set(message.id, (copies.get(message.id) ?? 0) + 1);
    }
    const answered = new Set<RequestId>();
    for (const arrival of arrivals) {
      const { message } = arrival;
      if (message.kind !== "request" || copies.get(message.id) === 1) {
        this.#handle(arrival);
      } else if (!answered.has(message.id)) {
        answered.add(message.id);
        this.#refuse(
          arrival,
          message,
          reject("duplicate_request", "several requests of one id came at once"),
        );
      }
    }
  };

  #handle(arrival: Arrival): void {
    if (this.#closed) return;
    const { message } = arrival;
    if (message.kind === "request") this.#handleRequest(arrival, message);
    else if (message.kind === "response") this.#deliver(NO_CALL, arrival);
    else this.#handleUnanswered(arrival, message);
  }

  /** A guarded method in a message that gets no answer never reaches a handler. */
  #handleUnanswered(arrival: Arrival, message: Extract<Message, { kind: "notification" | "other" }>): void {
    const { method } = message;
    if (method !== undefined && this.#core.options.methods.covers(method)) {
      this.#reportRefusal(method, undefined, reject("malformed", "the request has no usable id"));
      return;
    }
    if (message.kind === "notification" && method === "notifications/cancelled")
      this.#noteCancel(message.params);
    this.#deliver(NO_CALL, arrival);
  }

  #handleRequest(arrival: Arrival, request: Request): void {
    const { id, method } = request;
    if (this.#requests.get(id) !== undefined) {
      this.#refuse(arrival, request, reject("duplicate_request", "a request of this id is in flight"));
      return;
    }
    const { requestsInFlight } = this.#core.options.limits;
    if (this.#requests.size >= requestsInFlight) {
      for (const lost of this.#requests.takeLost(this.#core.options.clock())) this.#giveUp(lost);
    }
    if (this.#requests.size >= requestsInFlight) {
      this.#refuse(arrival, request, reject("busy", "too many requests in flight on this connection"));
    } else if (this.#core.options.methods.covers(method)) {
      this.#verify(arrival, request);
    } else {
      this.#pass(arrival, request);
    }
  }

  #pass(arrival: Arrival, { id, method }: Request): void {
    const sinceMs = this.#core.options.clock();
    this.#requests.set(id, { state: "plain", method, sinceMs, cancelledAtMs: undefined });
    this.#deliver(NO_CALL, arrival);
  }

  #verify(arrival: Arrival, request: Request): void {
    const { id, method, params } = request;
    if (!this.#core.enter()) {
      this.#refuse(arrival, request, reject("busy", "too many signed calls in flight"));
      return;
    }
    const abort = new AbortController();
    const pending: PendingCall = { state: "pending", method, sinceMs: this.#core.options.clock(), abort };
    this.#requests.set(id, pending);
    const decided = andThen(this.#core.verify(method, params, abort.signal), (verdict) => {
      this.#decide(arrival, request, pending, verdict);
    });
    if (decided instanceof Promise) decided.catch(this.#options.onFault);
  }

  #decide(arrival: Arrival, request: Request, pending: PendingCall, verdict: Verified | Rejected): void {
    const { id, method, params } = request;
    // The connection closed while the call was verified: its entry is gone.
    if (this.#requests.get(id) !== pending) return;
    if (verdict.ok && !pending.abort.signal.aborted) {
      this.#run(arrival, request, pending, verdict);
      return;
    }
    this.#requests.delete(id, pending);
    this.#core.leave();
    const { tool } = signedIntent(method, params);
    if (pending.abort.signal.aborted) {
      this.#core.events.report({ type: "cancelled", method, ran: false });
    } else if (!verdict.ok && verdict.code === "unsigned" && this.#core.allowsUnsigned(method, tool)) {
      this.#core.events.report({ type: "unsigned_allowed", method, tool });
      this.#pass(arrival, request);
    } else if (!verdict.ok) {
      this.#refuse(arrival, request, verdict);
    }
  }

  #run(arrival: Arrival, request: Request, { method, sinceMs }: PendingCall, verified: Verified): void {
    const scope: CallScope = { call: verified.call, answered: false };
    const task = isPlainObject(request.params) && Object.hasOwn(request.params, "task");
    const running = {
      state: "running",
      method,
      sinceMs,
      verified,
      scope,
      task,
      cancelledAtMs: undefined,
      counted: true,
    } as const;
    this.#requests.set(request.id, { ...running });
    this.#core.events.report({ type: "accepted", call: verified.call });
    this.#deliver(scope, arrival);
  }

  #deliver(scope: CallScope, { raw, extra, deliver }: Arrival): void {
    try {
      runInScope(scope, () => {
        deliver(raw, extra);
      });
    } catch (error) {
      this.#options.onFault(error);
    }
  }

  #refuse(arrival: Arrival, { id, method, params }: Request, rejected: Rejected): void {
    this.#reportRefusal(method, signedIntent(method, params).tool, rejected);
    const { code } = rejected;
    const answer = errorAnswer(id, REFUSED, REFUSALS[code].message, { reason: code });
    // Out of turn: over HTTP an answer goes to whoever used its id last. While the answer to the call that has the id
    // waits for its signature, this has to use up the way to the peer who sent the duplicate.
    arrival.forward(answer).catch((error: unknown) => {
      this.#core.events.report({ type: "send_failed", error });
    });
  }

  #reportRefusal(method: string, tool: string | undefined, { code, detail, signer }: Rejected): void {
    this.#core.events.report({ type: "refused", code, detail, method, tool, signer });
  }

  #noteCancel(params: unknown): void {
    const id = isPlainObject(params) ? ownValue(params, "requestId") : undefined;
    const entry = isRequestId(id) ? this.#requests.get(id) : undefined;
    if (entry === undefined || (entry.state !== "pending" && entry.cancelledAtMs !== undefined)) return;
    if (entry.state === "pending") {
      entry.abort.abort();
      return;
    }
    entry.cancelledAtMs = this.#core.options.clock();
    if (entry.state === "running" && !entry.scope.answered) {
      countOut(this.#core, entry);
      this.#core.events.report({
        type: "cancelled",
        method: entry.method,
        ran: true,
        call: entry.verified.call,
      });
    }
  }

  #answer(id: unknown, raw: JsonRecord, options: SendOptions, forward: Forward): Promise<void> {
    const entry = isRequestId(id) ? this.#requests.get(id) : undefined;
    if (!isRequestId(id) || entry === undefined || !awaitsAnswer(entry)) {
      // Nobody asked, or the question was refused or is answered: what is not countersigned must not leave.
      this.#core.events.report({ type: "answer_withheld" });
      return Promise.resolve();
    }
    if (entry.state === "plain") {
      this.#requests.delete(id, entry);
      this.#noteAnswer(entry.method, raw);
      return this.#order.run(id, () => forward(raw, options));
    }
    const signed = signAnswer(this.#core, id, entry, raw);
    if (!(signed instanceof Promise)) {
      this.#requests.delete(id, entry);
      return this.#order.run(id, () => forward(signed, options));
    }
    // The id stays taken until the answer leaves: over HTTP it would be sent to whoever took the id meanwhile.
    return this.#order.hold(id, async () => {
      const answer = await signed;
      this.#requests.delete(id, entry);
      await forward(answer, options);
    });
  }

  #noteAnswer(method: string, raw: JsonRecord): void {
    if (method !== "initialize" && method !== "server/discover") return;
    const result = ownValue(raw, "result");
    if (isPlainObject(result)) this.#core.noteCapabilities(ownValue(result, "capabilities"));
  }

  #giveUp(entry: InFlight): void {
    if (entry.state === "plain") return;
    if (entry.state === "pending") {
      entry.abort.abort();
      this.#core.leave();
      return;
    }
    countOut(this.#core, entry);
    // With its answer there, the call goes on to its countersignature, which may even still leave.
    if (entry.scope.answered) return;
    entry.scope.answered = true;
    if (entry.cancelledAtMs === undefined)
      this.#core.events.report({ type: "unfinished", call: entry.verified.call });
  }
}

/** A call's answer comes once: while that is signed, another one is nobody's. */
function awaitsAnswer(entry: InFlight): entry is Exclude<InFlight, PendingCall> {
  return entry.state === "plain" || (entry.state === "running" && !entry.scope.answered);
}

/** Entered for every message that is no verified call, or code it runs would see the caller around it. */
const NO_CALL: CallScope = { call: undefined, answered: true };
