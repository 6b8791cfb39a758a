import { quotedError } from "../../lib/text.js";
import { REFUSALS } from "../../verify/refusals.js";
import type { Rejected } from "../../verify/verdict.js";
import type { Arrival, ArrivedRequest } from "./arrival.js";
import type { EventLog } from "./events.js";
import { errorAnswer, REFUSED } from "../message.js";
import { signedTool } from "../signed-intent.js";

/** Refuses requests: the peer gets the code, the log the rest. */
export class Refuser {
  readonly #events: EventLog;

  constructor(events: EventLog) {
    this.#events = events;
  }

  refuse(arrival: Arrival, { id, method, params }: ArrivedRequest, rejected: Rejected): void {
    this.report(method, signedTool(method, params), rejected);
    const { code } = rejected;
    const answer = errorAnswer(id, REFUSED, REFUSALS[code].message, { reason: code });
    // Out of turn: over HTTP an answer goes to whoever used its id last. While the answer to the call that has the id
    // waits for its signature, this has to use up the way to the peer who sent the duplicate.
    arrival.forward(answer).catch((error: unknown) => {
      this.#events.report({ type: "send_failed", detail: quotedError(error), error });
    });
  }

  /** Refuses what gets no answer. */
  report(method: string, tool: string | undefined, { code, detail, signer }: Rejected): void {
    this.#events.report({ type: "refused", code, detail, method, tool, signer });
  }
}
