import type { ClientFiles } from "./files.js";
import type { Handover } from "./handover.js";
import type { ClientSettings } from "./options.js";
import type { SentCall } from "./request.js";
import type { OpenRequests, UnansweredReason } from "./requests.js";

/** What the two directions of a signing transport share. */
export interface ClientContext {
  readonly settings: ClientSettings;
  readonly files: ClientFiles;
  readonly requests: OpenRequests;
  readonly handover: Handover;
  /** Puts on record that a call has no answer. */
  readonly noteUnanswered: (call: SentCall, why: UnansweredReason) => void;
  /** The receipts' `action.transport`. */
  readonly transport: string;
  /** Whether messages can hold what JSON cannot: they may be passed by reference. */
  readonly byReference: boolean;
}
