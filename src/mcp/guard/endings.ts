import { isPlainObject, ownValue } from "../../lib/json.js";
import { isRequestId } from "../message.js";
import { countOut } from "./call-answer.js";
import type { GuardCore } from "./core.js";
import { CANCELLED, OUTCOME_UNKNOWN } from "./audit/outcomes.js";
import { CANCELLED_KEPT_MS } from "./in-flight.js";
import type { InFlight, InFlightRequests } from "./in-flight.js";

const SWEEP_AT_MOST_EVERY_MS = 1000;

/** How the requests of a connection end without an answer: by a cancel, with the connection, or after a time. */
export class Endings {
  readonly #core: GuardCore;
  readonly #requests: InFlightRequests;
  readonly #onFault: (error: unknown) => void;
  #sweep: NodeJS.Timeout | undefined;

  constructor(core: GuardCore, requests: InFlightRequests, onFault: (error: unknown) => void) {
    this.#core = core;
    this.#requests = requests;
    this.#onFault = onFault;
  }

  /** Gives up all requests: the connection is closed. */
  giveUpAll(): void {
    clearTimeout(this.#sweep);
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
    for (const old of this.#requests.cancel(entry, this.#core.options.clock())) this.#giveUp(old);
    if (entry.state === "running" && !entry.scope.answered) {
      countOut(this.#core, entry);
      this.#core.events.report({
        type: "cancelled",
        method: entry.method,
        ran: true,
        call: entry.verified.call,
      });
      this.#core.trail?.end(entry.verified, CANCELLED);
    }
    this.#sweepLater();
  }

  /** A connection may be quiet from now on: what is kept of cancelled calls goes all the same. */
  #sweepLater(): void {
    if (this.#sweep !== undefined) return;
    const next = this.#requests.nextLostMs;
    if (next === undefined) return;
    const sweep = (): void => {
      this.#sweep = undefined;
      try {
        this.giveUpLost();
        this.#sweepLater();
      } catch (error) {
        // The clock went wrong.
        this.#onFault(error);
      }
    };
    // Whatever the clock says, not at every turn and not never.
    const waitMs = Math.max(SWEEP_AT_MOST_EVERY_MS, next - this.#core.options.clock());
    this.#sweep = setTimeout(sweep, waitMs <= CANCELLED_KEPT_MS ? waitMs : CANCELLED_KEPT_MS + 1).unref();
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
    if (entry.cancelledAtMs !== undefined) return;
    this.#core.events.report({ type: "unfinished", call: entry.verified.call });
    this.#core.trail?.end(entry.verified, OUTCOME_UNKNOWN);
  }
}
