import type { AuditLogError } from "../../errors.js";
import type { LogRepair } from "../../audit/write/repair.js";
import { cut } from "../../lib/text.js";
import type { Outcome, ReceiptV3 } from "../../receipt/types.js";
import type { RefusalCode } from "../../verify/refusals.js";
import type { VerifiedCall, VerifiedSigner } from "../../verify/verdict.js";

/** What a guard tells its `onEvent` listener. Told apart by `type`. */
export type GuardEvent =
  /** A call passed every check; the tool runs next. */
  | { readonly type: "accepted"; readonly call: VerifiedCall }
  /** A call was refused. `signer` is there only if its signature held. Names are cut to 1,024 characters. */
  | {
      readonly type: "refused";
      readonly code: RefusalCode;
      readonly detail: string;
      readonly method: string;
      readonly tool: string | undefined;
      readonly signer: VerifiedSigner | undefined;
    }
  /** A verified call was answered. `carried` is a countersignature that the tool's own result brought along. */
  | {
      readonly type: "finished";
      readonly call: VerifiedCall;
      readonly outcome: Outcome;
      readonly countersignature: ReceiptV3;
      readonly carried?: unknown;
    }
  /** The client cancelled a call. `ran` tells whether the tool may have run. */
  | {
      readonly type: "cancelled";
      readonly method: string;
      readonly ran: boolean;
      readonly call?: VerifiedCall;
    }
  /** The connection closed, or a day passed, before a verified call was answered. The tool may have run. */
  | { readonly type: "unfinished"; readonly call: VerifiedCall }
  /** A verified call's result could not be signed and was withheld. The tool has run. */
  | {
      readonly type: "countersign_failed";
      readonly call: VerifiedCall;
      readonly detail: string;
      readonly error: unknown;
    }
  /**
   * Something could not be put on record. With `call`, that call was refused, or its answer withheld; without, it was a refusal, a
   * summary, or the end of a call that got no answer.
   */
  | {
      readonly type: "audit_failed";
      readonly detail: string;
      readonly error: unknown;
      readonly call?: VerifiedCall;
    }
  /** Calls that a process left without an end when it died were given one: the outcome is not known. `left`: could not be. */
  | { readonly type: "recovered"; readonly closed: number; readonly left: number }
  /** Nothing can be put on record, so that all calls are refused. `lasting`: until the log is opened again; else until the cause is gone. */
  | { readonly type: "audit_stopped"; readonly error: AuditLogError; readonly lasting: boolean }
  /** Calls are put on record again. */
  | { readonly type: "audit_resumed" }
  /** A line of the audit log that was torn when its writer died was set aside. */
  | { readonly type: "audit_repaired"; readonly repair: LogRepair }
  /** An unsigned call was let through because of `dangerously.allowUnsigned`. */
  | { readonly type: "unsigned_allowed"; readonly method: string; readonly tool: string | undefined }
  /** A receipt dated ahead by more than a second was held until its time: a client's clock is fast. */
  | { readonly type: "held"; readonly heldMs: number }
  /** An answer to a request that is not in flight was not sent. */
  | { readonly type: "answer_withheld" }
  /** A message could not be handed to the transport. */
  | { readonly type: "send_failed"; readonly detail: string; readonly error: unknown }
  /** The server offers these capabilities, whose requests need no receipt. Told once. */
  | { readonly type: "uncovered_capabilities"; readonly capabilities: readonly string[] }
  /** The registry lists `servers`, and the guard's own key is not an active one among them. */
  | { readonly type: "identity_not_listed"; readonly detail: string }
  /** The replay store does not answer in time, so that all calls are refused but those by which it is tried. */
  | { readonly type: "replay_stopped" }
  /** The replay store answers in time again. */
  | { readonly type: "replay_resumed" }
  /** A call that was counted against its signer's limits did not run, and that could not be taken back. */
  | { readonly type: "refund_failed"; readonly detail: string }
  /** Nonces are kept in memory, as nothing was chosen, and nothing is known of the transport (`wrap`, `verify`). Told once. */
  | { readonly type: "replay_not_shared"; readonly detail: string }
  | { readonly type: "registry_reloaded" }
  /** A new version of the registry file is bad; the old one is in force. */
  | { readonly type: "registry_rejected"; readonly detail: string; readonly error: unknown };

/** How often what happened since the guard was made. */
export interface GuardCounts {
  readonly accepted: number;
  readonly finished: number;
  readonly cancelled: number;
  readonly unfinished: number;
  readonly unsignedAllowed: number;
  readonly answersWithheld: number;
  readonly countersignFailures: number;
  readonly sendFailures: number;
  readonly auditFailures: number;
  readonly listenerErrors: number;
  /** By code; a code that never occurred is absent. */
  readonly refused: Readonly<Partial<Record<RefusalCode, number>>>;
}

type Counter = Exclude<keyof GuardCounts, "refused">;

const COUNTED: Partial<Record<GuardEvent["type"], Counter>> = {
  accepted: "accepted",
  finished: "finished",
  cancelled: "cancelled",
  unfinished: "unfinished",
  unsigned_allowed: "unsignedAllowed",
  answer_withheld: "answersWithheld",
  countersign_failed: "countersignFailures",
  send_failed: "sendFailures",
  audit_failed: "auditFailures",
};

/** What is told where nobody listens: what is wrong with the registry, as warnings of the process (on stderr). */
export function warnOfFaults(event: GuardEvent): void {
  if (event.type === "registry_rejected" || event.type === "identity_not_listed") {
    process.emitWarning(`${event.type}: ${event.detail}`, { type: "SignetWarning", code: event.type });
  }
}

/** Counts events and tells the listener. A listener that throws changes nothing but a count. */
export class EventLog {
  readonly #listener: (event: GuardEvent) => void;
  readonly #counts: Record<Counter, number> = {
    accepted: 0,
    finished: 0,
    cancelled: 0,
    unfinished: 0,
    unsignedAllowed: 0,
    answersWithheld: 0,
    countersignFailures: 0,
    sendFailures: 0,
    auditFailures: 0,
    listenerErrors: 0,
  };
  readonly #refused: Partial<Record<RefusalCode, number>> = {};
  /** Told of every event before the listener is. */
  observer: ((event: GuardEvent) => void) | undefined;

  constructor(listener: (event: GuardEvent) => void) {
    this.#listener = listener;
  }

  report(event: GuardEvent): void {
    const counter = COUNTED[event.type];
    if (counter !== undefined) this.#counts[counter] += 1;
    if (event.type === "refused") this.#refused[event.code] = (this.#refused[event.code] ?? 0) + 1;
    this.observer?.(event);
    try {
      const outcome: unknown = this.#listener(withShortNames(event));
      if (outcome instanceof Promise) outcome.catch(this.#countListenerError);
    } catch {
      this.#countListenerError();
    }
  }

  counts(): GuardCounts {
    return { ...this.#counts, refused: { ...this.#refused } };
  }

  readonly #countListenerError = (): void => {
    this.#counts.listenerErrors += 1;
  };
}

/** Characters of a method's or tool's name that a listener is shown. A receipt can name none that is longer. */
const MAX_NAME_CHARACTERS = 1024;

/** Cuts the names that a peer may have made up: a stranger must not fill the log. */
function withShortNames(event: GuardEvent): GuardEvent {
  if (!("method" in event)) return event;
  if (fits(event.method) && (!("tool" in event) || fits(event.tool))) return event;
  const method = cut(event.method, MAX_NAME_CHARACTERS);
  return "tool" in event
    ? { ...event, method, tool: event.tool === undefined ? undefined : cut(event.tool, MAX_NAME_CHARACTERS) }
    : { ...event, method };
}

function fits(name: string | undefined): boolean {
  return name === undefined || name.length <= MAX_NAME_CHARACTERS;
}
