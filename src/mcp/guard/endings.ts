import { isPlainObject, ownValue } from "../../lib/json.js";
import { isRequestId } from "../message.js";
import { countOut } from "./call-answer.js";
import type { GuardCore } from "./core.js";
import type { InFlight, InFlightRequests } from "./in-flight.js";

/** How the requests of a connection end without an answer: by a cancel, with the connection, or after a time. */
export class Endings {
  readonly #core: GuardCore;
  readonly #requests: InFlightRequests;

  constructor(core: GuardCore, requests: InFlightRequests) {
    this.#core = core;
    this.#requests = requests;
  }

  /** Gives up all requests: the connection is closed. */
  giveUpAll(): void {
    for (const entry of this.#requests.takeAll()) this.#giveUp(entry);
  }

  /** Gives up what has waited too long for an answer. */
  giveUpLost(): void {
    for (const entry of this.#requests.takeLost(this.#core.options.clock())) this.#giveUp(entry);
  }

  /** Notes a cancel. A call that is being verified does not run then; one that runs goes on. */
  cancel(params: unknown): void {
    const id = isPlainObject(params) ? ownValue(params, "requestId") : undefined;
    const entry = isRequestId(id) ? this.#requests.get(id) : undefined;
    if (entry === undefined || (entry.state !== "pending" && entry.cancelledAtMs !== undefined)) return;
    if (entry.state === "pending") {
      entry.cancel();
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

  #giveUp(entry: InFlight): void {
    if (entry.state === "plain") return;
    if (entry.state === "pending") {
      entry.cancel();
      this.#core.leave();
      return;
    }
    countOut(this.#core, entry);
    // With its answer there, the call goes on to its countersignature, which may even still leave.
    if (entry.scope.answered) return;
    entry.scope.end();
    if (entry.cancelledAtMs === undefined)
      this.#core.events.report({ type: "unfinished", call: entry.verified.call });
  }
}
