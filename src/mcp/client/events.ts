import type { JsonRecord } from "../../lib/json.js";
import type { AgentReceipt, ReceiptV3 } from "../../receipt/types.js";
import type { ClientRefusalCode } from "./refusals.js";

/** An answer to a signed request, as `onReceipt` hears of it: all the evidence that there is. */
export interface AnsweredRequest {
  /** The JSON-RPC request as it was sent, receipt included. */
  readonly request: JsonRecord;
  /** The JSON-RPC answer as it came. **If `verified` is `false`, nobody vouches for a word of it.** */
  readonly response: JsonRecord;
  /** The receipt that was sent; for a resumed request the one that is answered, and none if that is not known. */
  readonly receipt: AgentReceipt | undefined;
  /** The countersignature that came, if it could be read. Its `extensions` are outside any signature. */
  readonly countersignature: ReceiptV3 | undefined;
  /** `true` when `servers` is set and every check held. */
  readonly verified: boolean;
  /** Why the caller got an error instead of the answer. Absent when the answer was handed on. */
  readonly reason?: ClientRefusalCode;
  /** The same in a sentence for the log. */
  readonly detail?: string;
}
