import { isPlainObject } from "../../lib/json.js";
import { isPromise } from "../../lib/maybe-promise.js";
import { reject } from "../../verify/verdict.js";
import type { Rejected } from "../../verify/verdict.js";
import type { Verified } from "../../verify/verify-call.js";
import { CANCELLED } from "./audit/outcomes.js";
import { Answers } from "./answers.js";
import { ownRequest, TickOfArrivals } from "./arrival.js";
import type { Arrival, ArrivedRequest } from "./arrival.js";
import { CallScope, NO_CALL, runInScope } from "./call-scope.js";
import type { GuardCore } from "./core.js";
import { Endings } from "./endings.js";
import { InFlightRequests, PendingCall } from "./in-flight.js";
import type { RunningCall } from "./in-flight.js";
import { asJson, classifyMessage, errorAnswer, INTERNAL_ERROR, isExactRequest } from "../message.js";
import { Refuser } from "./refuser.js";
import type { Message, RequestId } from "../message.js";
import { signedTool } from "../signed-intent.js";
import type { Deliver, Forward, MessageExtra, SendOptions, TransportHooks } from "../transport-proxy.js";

export interface ConnectionOptions {
  /** Whether messages are passed by reference, and so can hold what JSON cannot. */
  readonly byReference: boolean;
  /**
   * Whether several peers may be behind it, as behind a session of Streamable HTTP: there an answer goes to whoever used
   * its id last, be it somebody who only knows the session's id.
   */
  readonly manyPeers: () => boolean;
  /** Whether another request has taken the way back of the one of this id, as far as can be told. */
  readonly isContested: (id: RequestId) => boolean;
  /** Told of what goes wrong on this side: the transport's `onerror`. */
  readonly onFault: (error: unknown) => void;
}

/** The guard's side of one connection: calls are verified on their way in, answers countersigned on their way out. */
export class GuardedConnection implements TransportHooks {
  readonly #core: GuardCore;
  readonly #options: ConnectionOptions;
  readonly #requests = new InFlightRequests();
  readonly #answers: Answers;
  readonly #endings: Endings;
  readonly #refuser: Refuser;
  readonly #tick: TickOfArrivals;
  #closed = false;

  constructor(core: GuardCore, options: ConnectionOptions) {
    this.#core = core;
    this.#options = options;
    this.#answers = new Answers(core, this.#requests, options.isContested);
    this.#endings = new Endings(core, this.#requests, options.onFault);
    this.#refuser = new Refuser(core.events);
    this.#tick = new TickOfArrivals({
      handle: (arrival) => {
        this.#handle(arrival);
      },
      refuseCopies: (arrival, request) => {
        this.#refuser.refuse(
          arrival,
          request,
          reject("duplicate_request", "several requests of one id came at once"),
        );
      },
    });
  }

  receive(raw: unknown, extra: MessageExtra, deliver: Deliver, forward: Forward): void {
    const sent = this.#asSent(raw);
    const message = classifyMessage(sent);
    const arrival = { message, raw: sent, extra, deliver, forward };
    if (sent === undefined) this.#refuseUnwritable(arrival, raw);
    else if (isHandledAtOnce(arrival)) this.#handle(arrival);
    else this.#tick.add(arrival);
  }

  send(raw: unknown, options: SendOptions, forward: Forward): Promise<void> {
    const message = classifyMessage(raw);
    return message.kind === "response"
      ? this.#answers.send(message.id, message.raw, options, forward)
      : this.#answers.pass(raw, options, forward);
  }

  closed(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#endings.giveUpAll();
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
      if (message.kind === "request") this.#refuser.refuse(arrival, { ...message, params: undefined }, fault);
      else this.#options.onFault(new TypeError(fault.detail));
    } catch (error) {
      // Even to look at it throws.
      this.#options.onFault(error);
    }
  }

  #handle(arrival: Arrival): void {
    if (this.#closed) return;
    try {
      this.#handleMessage(arrival);
    } catch (error) {
      // A fault of this side, such as a clock that went wrong. The peer hears no more than that there was one.
      this.#options.onFault(error);
      const { message, forward } = arrival;
      if (message.kind !== "request") return;
      forward(errorAnswer(message.id, INTERNAL_ERROR, "Internal error", {})).catch(this.#options.onFault);
    }
  }

  #handleMessage(arrival: Arrival): void {
    const { message } = arrival;
    if (message.kind === "request") this.#handleRequest(arrival, message);
    else if (message.kind === "response") this.#deliver(NO_CALL, arrival);
    else this.#handleUnanswered(arrival, message);
  }

  /** A guarded method in a message that gets no answer never reaches a handler. */
  #handleUnanswered(arrival: Arrival, message: Extract<Message, { kind: "notification" | "other" }>): void {
    const { method } = message;
    if (method !== undefined && this.#core.options.methods.covers(method)) {
      this.#refuser.report(method, undefined, reject("malformed", "the request has no usable id"));
      return;
    }
    if (message.kind === "notification" && method === "notifications/cancelled")
      this.#endings.cancel(message.params);
    this.#deliver(NO_CALL, arrival);
  }

  #handleRequest(arrival: Arrival, request: ArrivedRequest): void {
    const { id, method } = request;
    const first = this.#requests.get(id);
    if (first !== undefined) {
      if (first.state !== "plain" && this.#options.manyPeers()) first.twinned = true;
      this.#refuser.refuse(
        arrival,
        request,
        reject("duplicate_request", "a request of this id is in flight"),
      );
      return;
    }
    const { requestsInFlight } = this.#core.options.limits;
    if (this.#requests.size >= requestsInFlight) this.#endings.giveUpLost();
    if (this.#requests.size >= requestsInFlight) {
      this.#refuser.refuse(
        arrival,
        request,
        reject("busy", "too many requests in flight on this connection"),
      );
    } else if (this.#core.options.methods.covers(method)) {
      this.#verify(arrival, request);
    } else {
      this.#pass(arrival, request);
    }
  }

  #pass(arrival: Arrival, { id, method }: ArrivedRequest): void {
    const sinceMs = this.#core.options.clock();
    this.#requests.set(id, { state: "plain", method, sinceMs, cancelledAtMs: undefined });
    this.#deliver(NO_CALL, arrival);
  }

  #verify(arrival: Arrival, request: ArrivedRequest): void {
    const { id, method, params } = request;
    if (!isExactRequest(request.raw) && this.#core.hasReceipt(params)) {
      this.#refuser.refuse(
        arrival,
        request,
        reject("malformed", "a request has jsonrpc, id, method and params alone"),
      );
      return;
    }
    if (this.#options.isContested(id)) {
      this.#refuser.refuse(
        arrival,
        request,
        reject("duplicate_request", "another request of this id came meanwhile"),
      );
      return;
    }
    const pending = new PendingCall(method, this.#core.options.clock());
    if (!this.#core.enter()) {
      this.#refuser.refuse(arrival, request, reject("busy", "too many signed calls in flight"));
      return;
    }
    this.#requests.set(id, pending);
    // What comes by reference comes one after another, however much of it there is in a turn of the event loop.
    const mayWait = !this.#options.byReference && !isHandledAtOnce(arrival);
    const verdict = this.#core.verify(method, params, { wait: pending, mayWait });
    if (!isPromise(verdict)) {
      this.#decide(arrival, request, pending, verdict);
      return;
    }
    const own = this.#options.byReference ? request : ownRequest(request, this.#core.options.limits.depth);
    const ownArrival = { ...arrival, message: own, raw: own.raw };
    verdict
      .then((known) => {
        this.#decide(ownArrival, own, pending, known);
      })
      .catch(this.#options.onFault);
  }

  #decide(
    arrival: Arrival,
    request: ArrivedRequest,
    pending: PendingCall,
    verdict: Verified | Rejected,
  ): void {
    const { id, method, params } = request;
    const runs = verdict.ok && !pending.cancelled && !pending.twinned && this.#requests.get(id) === pending;
    if (verdict.ok && !runs) {
      this.#core.replay.refund(verdict);
      this.#core.trail?.end(verdict, pending.twinned ? TWIN : CANCELLED);
    }
    // The connection closed while the call was verified: its entry is gone.
    if (this.#requests.get(id) !== pending) return;
    if (verdict.ok && !pending.cancelled && !pending.twinned) {
      this.#run(arrival, request, pending, verdict);
      return;
    }
    this.#requests.delete(id, pending);
    this.#core.leave();
    const tool = signedTool(method, params);
    if (pending.cancelled) {
      this.#core.events.report({ type: "cancelled", method, ran: false });
    } else if (!verdict.ok && verdict.code === "unsigned" && this.#core.allowsUnsigned(method, tool)) {
      this.#core.events.report({ type: "unsigned_allowed", method, tool });
      this.#pass(arrival, request);
    } else {
      this.#refuser.refuse(arrival, request, verdict.ok ? TWINNED : verdict);
    }
  }

  #run(
    arrival: Arrival,
    request: ArrivedRequest,
    { method, sinceMs }: PendingCall,
    verified: Verified,
  ): void {
    const scope = new CallScope(verified.call);
    const running: RunningCall = {
      state: "running",
      method,
      sinceMs,
      verified,
      scope,
      task: isPlainObject(request.params) && Object.hasOwn(request.params, "task"),
      cancelledAtMs: undefined,
      counted: true,
      twinned: false,
    };
    this.#requests.set(request.id, running);
    this.#core.events.report({ type: "accepted", call: verified.call });
    // A listener may have closed the connection.
    if (!this.#closed) this.#deliver(scope, arrival);
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
}

const TWIN = { status: "failed", error: "not_run: duplicate_request" } as const;
const TWINNED = reject("duplicate_request", "another request of this id came while this one was verified");

/** An entry that classifies serves one message a transport, and maps some errors of the same tick to HTTP statuses. */
function isHandledAtOnce({ extra }: Arrival): boolean {
  return extra?.classification !== undefined;
}
