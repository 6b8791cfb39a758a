import { isPlainObject, ownValue } from "../../lib/json.js";
import type { JsonRecord } from "../../lib/json.js";
import { errorAnswer, INTERNAL_ERROR, isRequestId } from "../message.js";
import type { RequestId } from "../message.js";
import { REFUSALS } from "../../verify/refusals.js";
import { SendOrder } from "../send-order.js";
import type { Forward, SendOptions } from "../transport-proxy.js";
import { signAnswer } from "./call-answer.js";
import type { GuardCore } from "./core.js";
import type { InFlight, InFlightRequests, PendingCall, RunningCall } from "./in-flight.js";

/** What a connection sends: answers to its requests, countersigned where they are to verified calls, and the rest in order. */
export class Answers {
  readonly #core: GuardCore;
  readonly #requests: InFlightRequests;
  readonly #isContested: (id: RequestId) => boolean;
  readonly #order = new SendOrder();

  constructor(core: GuardCore, requests: InFlightRequests, isContested: (id: RequestId) => boolean) {
    this.#core = core;
    this.#requests = requests;
    this.#isContested = isContested;
  }

  /** Sends what is no answer. */
  pass(raw: unknown, options: SendOptions, forward: Forward): Promise<void> {
    return this.#order.run(options?.relatedRequestId, () => forward(raw, options));
  }

  /** Sends an answer to the request that has its id. */
  send(id: unknown, raw: JsonRecord, options: SendOptions, forward: Forward): Promise<void> {
    const entry = isRequestId(id) ? this.#requests.get(id) : undefined;
    if (!isRequestId(id) || entry === undefined || !awaitsAnswer(entry)) {
      // Nobody asked, or the question was refused or is answered: what is not countersigned must not leave.
      this.#core.events.report({ type: "answer_withheld" });
      return Promise.resolve();
    }
    if (entry.state === "plain") {
      this.#requests.delete(id, entry);
      this.#noteCapabilities(entry.method, raw);
      return this.#order.run(id, () => forward(raw, options));
    }
    const signed = signAnswer(this.#core, id, entry, raw);
    if (!(signed instanceof Promise)) {
      this.#requests.delete(id, entry);
      return this.#order.run(id, () => forward(this.#forPeer(id, entry, signed), options));
    }
    // The id stays taken until the answer leaves: over HTTP it would be sent to whoever took the id meanwhile.
    return this.#order.hold(id, async () => {
      const answer = await signed;
      this.#requests.delete(id, entry);
      await forward(this.#forPeer(id, entry, answer), options);
    });
  }

  /** What may be sent of an answer: nothing of it when it may go to somebody else than who asked. It is in the event. */
  #forPeer(id: RequestId, { twinned }: RunningCall, answer: JsonRecord): JsonRecord {
    if (!twinned && !this.#isContested(id)) return answer;
    this.#core.events.report({ type: "answer_withheld" });
    const code = "duplicate_request";
    return { ...errorAnswer(id, INTERNAL_ERROR, REFUSALS[code].message, { reason: code }) };
  }

  #noteCapabilities(method: string, raw: JsonRecord): void {
    if (method !== "initialize" && method !== "server/discover") return;
    const result = ownValue(raw, "result");
    if (isPlainObject(result)) this.#core.noteCapabilities(ownValue(result, "capabilities"));
  }
}

/** A call's answer comes once: while that is signed, another one is nobody's. */
function awaitsAnswer(entry: InFlight): entry is Exclude<InFlight, PendingCall> {
  return entry.state === "plain" || (entry.state === "running" && !entry.scope.answered);
}
