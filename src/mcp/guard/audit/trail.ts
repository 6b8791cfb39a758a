import { canonicalBytes } from "../../../crypto/canonical-json.js";
import { sha256Text } from "../../../crypto/digest.js";
import type { Sha256Text } from "../../../crypto/digest.js";
import { CanonicalJsonError } from "../../../errors.js";
import type { MaybePromise } from "../../../lib/maybe-promise.js";
import { inTime } from "../../../lib/in-time.js";
import { cut, quotedError } from "../../../lib/text.js";
import { formatTime } from "../../../lib/time.js";
import type { TypedRecord } from "../../../audit/write/appendable.js";
import { NO_ANSWER_HASH } from "../../../audit/intents/intent-ends.js";
import type { AuditLog } from "../../../audit/log.js";
import type { IntentNote } from "../../../audit/write/commit-queue.js";
import { wholeBilateralText } from "../../../receipt/response-text.js";
import type { Outcome, ReceiptV1, ReceiptV3 } from "../../../receipt/types.js";
import { isRefusalCode } from "../../../verify/refusals.js";
import type { RefusalCode } from "../../../verify/refusals.js";
import { reject } from "../../../verify/verdict.js";
import type { Rejected } from "../../../verify/verdict.js";
import type { CallRecord, Evidence, Verified } from "../../../verify/verify-call.js";
import type { EventLog, GuardEvent } from "../events.js";
import { beforeExit } from "./before-exit.js";
import type { IntentTags } from "./intent-tag.js";

import { redactReceipt } from "./redaction.js";
import type { Redact, StoredReceipt } from "./redaction.js";
import { RefusalRecords } from "./refusal-records.js";

/** Signs for the server over an agent's receipt, as it is or as it is stored. */
export type Countersign = (
  agent: Pick<StoredReceipt, "receipt" | "whole">,
  contentHash: Sha256Text,
  outcome: Outcome,
) => MaybePromise<ReceiptV3>;

/** What is known of an answer. */
interface Answer {
  readonly contentHash: Sha256Text;
  readonly outcome: Outcome;
}

/** What a trail works with. */
export interface TrailParts {
  readonly log: AuditLog;
  readonly events: EventLog;
  readonly redact: Redact | undefined;
  readonly targets: readonly string[];
  readonly clock: () => number;
  readonly countersign: Countersign;
  readonly tags: IntentTags | undefined;
}

/** How long a call waits to be put on record. The log's lock may be held by a process that is stopped. */
const LET_THROUGH_DEADLINE_MS = 5000;

/** How long `close` waits. */
const DRAIN_MS = 5000;

/** Characters of the `detail` of what became of a registry. */
const MAX_DETAIL = 1024;
const SUMMARY_EVERY_MS = 60_000;

/** Bytes of a countersignature that a result brought along, and that is kept. */
const MAX_CARRIED_BYTES = 1_048_576;

/** Refusals that may be on their way to the log at once. What is beyond is in the next summary. */
const MOST_UNDER_WAY = 256;

/**
 * Puts on record what a guard does: the intent before the tool runs, the countersigned receipt before the answer leaves, an
 * end for what gets no answer, and refusals.
 */
export class AuditTrail implements CallRecord {
  readonly #parts: TrailParts;
  readonly #refusals: RefusalRecords = new RefusalRecords(() => performance.now());
  readonly #redacted = new WeakMap<ReceiptV1, StoredReceipt>();
  readonly #underWay = new Set<Promise<void>>();
  #summary: NodeJS.Timeout | undefined;
  #closed = false;

  readonly #stay: () => void;

  constructor(parts: TrailParts) {
    this.#parts = parts;
    this.#stay = beforeExit(() => {
      this.#sumUp();
    });
  }

  get log(): AuditLog {
    return this.#parts.log;
  }

  async letThrough(verified: Verified): Promise<Rejected | undefined> {
    let stored: StoredReceipt;
    try {
      stored = this.#stored(evidenceOf(verified));
    } catch (error) {
      return this.#unavailable(verified, `redact failed: ${quotedError(error)}`, error);
    }
    const { id } = verified.receipt;
    const tag = this.#parts.tags?.make(id, stored.whole);
    const written = this.log.appendText(stored.whole, { id, event: "let_through", tag }).then(
      () => undefined,
      (error: unknown) => this.#unavailable(verified, quotedError(error), error),
    );
    return inTime(written, LET_THROUGH_DEADLINE_MS, () => {
      const late = this.#unavailable(
        verified,
        `the log took more than ${LET_THROUGH_DEADLINE_MS} ms`,
        undefined,
      );
      // It may get into the log all the same. Then it says there that it did not run.
      this.#inBackground(
        written.then((fault) => (fault === undefined ? this.#end(verified, outcomeOf(late)) : undefined)),
      );
      return late;
    });
  }

  notRun(verified: Verified, rejected: Rejected): void {
    this.end(verified, outcomeOf(rejected));
  }

  /** Gives a call an end that gets no answer. */
  end(verified: Verified, outcome: Outcome): void {
    this.#inBackground(this.#end(verified, outcome));
  }

  refused(evidence: Evidence, code: RefusalCode): void {
    if (this.#closed) return;
    const { publicKey, name } = evidence.signer;
    const now = this.#parts.clock();
    const isBusy = this.#underWay.size >= MOST_UNDER_WAY;
    if (isBusy) this.#refusals.count(code, now, name);
    if (!isBusy && this.#refusals.takeWhole(publicKey, name, code, now)) {
      this.#inBackground(this.#sign(evidence, { status: "rejected", reason: code }, undefined));
    } else {
      this.#summariseLater();
    }
  }

  /** Counts what nobody is known to have sent. What is known is told otherwise. */
  note(event: GuardEvent): void {
    if (event.type === "registry_rejected" || event.type === "registry_reloaded") this.#noteRegistry(event);
    const code = event.type === "refused" && event.signer === undefined ? event.code : event.type;
    if (this.#closed || (code !== "unsigned_allowed" && !isRefusalCode(code))) return;
    this.#refusals.count(code, this.#parts.clock());
    this.#summariseLater();
  }

  /** By which version of the registry calls were judged belongs to the evidence, and so does that a new one was not taken. */
  #noteRegistry(event: GuardEvent & { readonly type: "registry_rejected" | "registry_reloaded" }): void {
    if (this.#closed) return;
    const detail = "detail" in event ? { detail: cut(event.detail, MAX_DETAIL).toWellFormed() } : {};
    this.#inBackground(
      this.#append(() => ({ type: event.type, ts: formatTime(this.#parts.clock()), ...detail })),
    );
  }

  /**
   * Puts a call's answer on record. Never rejects.
   *
   * @param carried - A countersignature that the tool's result had brought along, if it had.
   * @returns whether that is done, and durable.
   */
  async answered(verified: Verified, countersignature: ReceiptV3, carried: unknown): Promise<boolean> {
    const { receipt, whole, call } = verified;
    try {
      const redacted = this.#redacted.get(receipt);
      const text =
        redacted === undefined
          ? wholeBilateralText(countersignature, whole)
          : wholeBilateralText(await this.#countersignStored(redacted, countersignature), redacted.whole);
      const written = this.log.appendText(text, { id: receipt.id, event: "ended" });
      // Behind it, in the same flush of the disk.
      const withCarried =
        carried === undefined ? undefined : this.log.appendTyped(this.#carriedRecord(verified, carried));
      await Promise.all([written, withCarried]);
      return true;
    } catch (error) {
      this.#parts.events.report({ type: "audit_failed", detail: quotedError(error), error, call });
      return false;
    }
  }

  /** Puts on record that a call has an answer that could not be signed. @param answer - As far as it could be read. */
  unsigned({ receipt, call }: Verified, answer: Answer | undefined, detail: string): void {
    const record = (): TypedRecord => ({
      type: "countersign_failed",
      ts: formatTime(this.#parts.clock()),
      intent_id: receipt.id,
      tool: call.tool,
      target: call.target,
      signer: call.signer.name,
      code: "countersign_unavailable",
      detail: cut(detail, 256).toWellFormed(),
      ...(answer === undefined ? {} : { content_hash: answer.contentHash, outcome: answer.outcome }),
    });
    this.#inBackground(this.#append(record, { id: receipt.id, event: "ended" }));
  }

  /** Waits for what is on its way to the log, for some seconds at the most, and sums up what was refused. Never rejects. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#stay();
    this.#sumUp();
    const settled = Promise.all(this.#underWay).then(() => undefined);
    // The log's lock may be held by a process that is stopped. What is not through then, the log refuses when it is closed.
    await inTime(settled, DRAIN_MS, () => undefined);
  }

  #stored(evidence: Evidence): StoredReceipt {
    const { receipt, whole } = evidence;
    const { redact } = this.#parts;
    const known = this.#redacted.get(receipt);
    if (known !== undefined) return known;
    if (redact === undefined) return { receipt, whole, redacted: false };
    const stored = redactReceipt(evidence, redact);
    if (stored.redacted) this.#redacted.set(receipt, stored);
    return stored;
  }

  /** It is another server's, over a receipt that this log knows nothing of: a note, of which nothing is verified. */
  #carriedRecord({ receipt, call }: Verified, carried: unknown): TypedRecord {
    const { tool, target } = call;
    const { redact, clock } = this.#parts;
    const head = {
      type: "carried_countersignature",
      ts: formatTime(clock()),
      intent_id: receipt.id,
      tool,
      target,
    };
    try {
      const whole = { ...head, countersignature: carried };
      canonicalBytes(whole, { maxBytes: MAX_CARRIED_BYTES });
      // Its receipt has params, too, of which nothing says what must not be stored.
      return redact === undefined ? whole : { ...head, sha256: sha256Text(canonicalBytes(carried)) };
    } catch (error) {
      if (error instanceof CanonicalJsonError) return { ...head, omitted: error.code };
      throw error;
    }
  }

  /** What is stored of a redacted call has a countersignature of its own: the client's is over what is not stored. */
  #countersignStored(stored: StoredReceipt, { response }: ReceiptV3): MaybePromise<ReceiptV3> {
    return this.#parts.countersign(stored, response.content_hash, response.outcome ?? { status: "executed" });
  }

  #end(verified: Verified, outcome: Outcome): Promise<unknown> {
    return this.#sign(evidenceOf(verified), outcome, verified.receipt.id);
  }

  async #sign(evidence: Evidence, outcome: Outcome, ends: string | undefined): Promise<unknown> {
    const stored = this.#stored(evidence);
    const receipt = await this.#parts.countersign(stored, NO_ANSWER_HASH, outcome);
    const text = wholeBilateralText(receipt, stored.whole);
    return this.log.appendText(text, ends === undefined ? undefined : { id: ends, event: "ended" });
  }

  #unavailable({ call }: Verified, detail: string, error: unknown): Rejected {
    this.#parts.events.report({ type: "audit_failed", detail, error, call });
    return reject("audit_unavailable", `the call could not be put on record: ${detail}`);
  }

  #inBackground(work: Promise<unknown>): void {
    const done = this.#settle(work).finally(() => {
      this.#underWay.delete(done);
    });
    this.#underWay.add(done);
  }

  async #settle(work: Promise<unknown>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.#parts.events.report({ type: "audit_failed", detail: quotedError(error), error });
    }
  }

  #summariseLater(): void {
    this.#summary ??= setTimeout(() => {
      this.#summary = undefined;
      this.#writeSummary();
    }, SUMMARY_EVERY_MS).unref();
  }

  #sumUp(): void {
    clearTimeout(this.#summary);
    this.#summary = undefined;
    this.#writeSummary();
  }

  #writeSummary(): void {
    if (this.#refusals.isEmpty) return;
    this.#inBackground(
      this.#append(() => this.#refusals.takeSummary(this.#parts.clock(), this.#parts.targets)),
    );
  }

  /** What keeps a record from being made, such as a clock that went wrong, is told like what keeps it from the log. */
  async #append(make: () => TypedRecord | undefined, note?: IntentNote): Promise<void> {
    const record = make();
    if (record !== undefined) await this.log.appendTyped(record, note);
  }
}

function evidenceOf({ receipt, whole, call }: Verified): Evidence {
  return { receipt, whole, method: call.method, signer: call.signer };
}

function outcomeOf({ code }: Rejected): Outcome {
  return { status: "failed", error: `not_run: ${code}` };
}
