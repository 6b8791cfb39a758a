import type { AuditSink } from "../../audit/sink.js";
import { MAX_LINE_BYTES, RECORD_LEVELS } from "../../audit/record/types.js";
import { canonicalBytes } from "../../crypto/canonical-json.js";
import { AuditLogError } from "../../errors.js";
import { isPlainObject } from "../../lib/json.js";
import type { JsonRecord } from "../../lib/json.js";
import { cut, quotedError } from "../../lib/text.js";
import { formatTime } from "../../lib/time.js";
import { MAX_NAME_LENGTH } from "../../receipt/limits.js";
import type { ReceiptV3 } from "../../receipt/types.js";
import { rejectAnswer } from "./refusals.js";
import type { ClientRejection } from "./refusals.js";
import type { SentCall, SentReceipt } from "./request.js";
import type { UnansweredReason } from "./requests.js";

/** Bytes that a countersignature adds to a receipt at the most: two texts of prose, a name, and what is of fixed size. */
const COUNTERSIGNATURE_BYTES = 131_072;

/** Characters of the `detail` of a record. */
const MAX_DETAIL = 1024;

/** Encrypts the params of a receipt that is stored. */
export type Conceal = (receipt: JsonRecord) => JsonRecord;

/** What a signing transport puts into an audit log. Each promise rejects with whatever the log does. */
export class CallLog {
  readonly #sink: AuditSink;
  readonly #conceal: Conceal | undefined;
  readonly #underWay = new Set<Promise<void>>();

  /** @param conceal - Default: params are stored as they were signed. */
  constructor(sink: AuditSink, conceal?: Conceal) {
    this.#sink = sink;
    this.#conceal = conceal;
  }

  /** Appends the receipt of a request that is about to be sent. */
  async appendIntent({ whole }: SentReceipt): Promise<void> {
    const text =
      this.#conceal === undefined ? whole : this.#stored(JSON.parse(Buffer.from(whole).toString()));
    if (text.length > MAX_LINE_BYTES - COUNTERSIGNATURE_BYTES) {
      // The answer's record embeds this one: a call of which the answer could not be logged does not run.
      throw new AuditLogError("record_too_large", `the receipt takes ${text.length} bytes`);
    }
    await this.#sink.appendText(text);
  }

  /** Appends a countersignature that holds. What is outside its signature is left out. */
  async appendCountersignature(countersignature: ReceiptV3): Promise<void> {
    const { extensions: _, ...receipt } = countersignature;
    await this.#sink.appendText(this.#stored(receipt));
  }

  /** Appends a record of an answer that the caller did not get. Of the answer it holds no more than the refusal does. */
  async appendRefusal(call: SentCall, { code, detail }: ClientRejection, nowMs: number): Promise<void> {
    const { receipt } = call;
    await this.#sink.appendTyped({
      type: "answer_refused",
      ts: formatTime(nowMs),
      ...(receipt === undefined ? {} : { intent_id: receipt.id }),
      tool: bounded(call.tool, MAX_NAME_LENGTH),
      target: call.target,
      code,
      detail: bounded(detail, MAX_DETAIL),
    });
  }

  /** Appends a record of a call that has no answer, if its receipt was appended. */
  appendUnanswered(
    { receipt, tool, target }: SentCall,
    code: UnansweredReason,
    nowMs: number,
  ): Promise<void> {
    if (receipt === undefined) return Promise.resolve();
    const appended = this.#sink.appendTyped({
      type: "call_unanswered",
      ts: formatTime(nowMs),
      intent_id: receipt.id,
      tool: bounded(tool, MAX_NAME_LENGTH),
      target,
      code,
    });
    return this.#tracked(appended);
  }

  /** Settles when no record of a call without an answer is on its way to the log. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#underWay);
  }

  close(): Promise<void> {
    return this.#sink.close();
  }

  #tracked(appended: Promise<unknown>): Promise<void> {
    const done = appended.then(() => undefined);
    this.#underWay.add(done);
    const forget = (): void => {
      this.#underWay.delete(done);
    };
    done.then(forget, forget);
    return done;
  }

  #stored(receipt: unknown): Uint8Array {
    const shown = this.#conceal !== undefined && isPlainObject(receipt) ? this.#conceal(receipt) : receipt;
    return canonicalBytes(shown, { maxDepth: RECORD_LEVELS });
  }
}

/** The refusal of a call whose receipt could not be logged. */
export function unsent(cause: unknown): ClientRejection {
  return rejectAnswer(
    "audit_unavailable",
    `the call was not sent: its receipt could not be logged: ${fault(cause)}`,
  );
}

/** The refusal of an answer whose countersignature could not be logged. */
export function withheld({ response: { outcome } }: ReceiptV3, cause: unknown): ClientRejection {
  const refused = outcome?.status === "rejected" || outcome?.status === "requires_approval";
  const what = refused ? "the server has refused the call" : "the call has run";
  const why = `its countersignature could not be logged: ${fault(cause)}`;
  return rejectAnswer("audit_unavailable", `${what}, and its answer was withheld: ${why}`);
}

function fault(cause: unknown): string {
  return cause instanceof AuditLogError ? `${cause.code}: ${cause.message}` : quotedError(cause);
}

/** A record holds well-formed text only, and to cut may leave half of a surrogate pair. */
function bounded(text: string, length: number): string {
  return cut(text, length).toWellFormed();
}
