import type { ClientFiles } from "./files.js";
import type { Handover } from "./handover.js";
import type { ClientSettings } from "./options.js";
import type { OpenRequests } from "./requests.js";

/** What the two directions of a signing transport share. */
export interface ClientContext {
  readonly settings: ClientSettings;
  readonly files: ClientFiles;
  readonly requests: OpenRequests;
  readonly handover: Handover;
  /** The receipts' `action.transport`. */
  readonly transport: string;
  /** Whether messages can hold what JSON cannot: they may be passed by reference. */
  readonly byReference: boolean;
}
