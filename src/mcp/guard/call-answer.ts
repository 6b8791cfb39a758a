import type { JsonRecord } from "../../lib/json.js";
import type { MaybePromise } from "../../lib/maybe-promise.js";
import { quotedError } from "../../lib/text.js";
import type { ReceiptV3 } from "../../receipt/types.js";
import { REFUSALS } from "../../verify/refusals.js";
import type { Verified } from "../../verify/verify-call.js";
import { prepareAnswer } from "./answer.js";
import type { PreparedAnswer } from "./answer.js";
import type { AuditTrail } from "./audit/trail.js";
import type { GuardCore } from "./core.js";
import type { RunningCall } from "./in-flight.js";
import { errorAnswer, INTERNAL_ERROR } from "../message.js";
import type { RequestId } from "../message.js";

/**
 * Countersigns the answer to a verified call. When the server's signer fails, the answer is withheld, and an error
 * says so: the client must not take an unsigned result for a signed one.
 *
 * Stays synchronous where the signer does. Neither throws nor rejects.
 */
export function signAnswer(
  core: GuardCore,
  id: RequestId,
  entry: RunningCall,
  raw: JsonRecord,
): MaybePromise<JsonRecord> {
  // What runs on speaks for nobody any more. In flight is the call until its answer is signed: behind a signer that
  // hangs, calls must not pile up without a limit.
  entry.scope.end();
  const signed = sign(core, id, entry, raw);
  if (signed instanceof Promise) return signed.finally(() => countOut(core, entry));
  countOut(core, entry);
  return signed;
}

/** Counts a call out, if that was not done before. */
export function countOut(core: GuardCore, entry: RunningCall): void {
  if (!entry.counted) return;
  entry.counted = false;
  core.leave();
}

function sign(core: GuardCore, id: RequestId, entry: RunningCall, raw: JsonRecord): MaybePromise<JsonRecord> {
  const { verified, method } = entry;
  const { call } = verified;
  let answered: PreparedAnswer | undefined;
  const fail = (error: unknown): JsonRecord => {
    const detail = quotedError(error);
    core.events.report({ type: "countersign_failed", call, detail, error });
    core.trail?.unsigned(verified, answered, detail);
    return withheld(id, "countersign_unavailable");
  };
  try {
    const own = method === "tasks/list" ? core.tasks.keepOwn(raw, call.signer.publicKey) : raw;
    const prepared = prepareAnswer(own, entry.task);
    answered = prepared;
    const { taskId, outcome, carried } = prepared;
    if (taskId !== undefined) core.tasks.add(taskId, call.signer.publicKey);
    const finish = (countersignature: ReceiptV3): JsonRecord => {
      const event = { type: "finished", call, outcome, countersignature } as const;
      core.events.report(carried === undefined ? event : { ...event, carried });
      return prepared.attach(countersignature);
    };
    const countersignature = core.countersign(verified, prepared.contentHash, outcome);
    if (core.trail !== undefined)
      return putOnRecord(core.trail, verified, countersignature, { id, carried, finish, fail });
    return countersignature instanceof Promise
      ? countersignature.then(finish).catch(fail)
      : finish(countersignature);
  } catch (error) {
    return fail(error);
  }
}

/** What comes of an answer that is signed, and of one that is not. */
interface Ways {
  readonly id: RequestId;
  readonly carried: unknown;
  readonly finish: (countersignature: ReceiptV3) => JsonRecord;
  readonly fail: (error: unknown) => JsonRecord;
}

/** Puts an answer on record before it leaves: what a client holds, the log has. */
async function putOnRecord(
  trail: AuditTrail,
  verified: Verified,
  signing: MaybePromise<ReceiptV3>,
  { id, carried, finish, fail }: Ways,
): Promise<JsonRecord> {
  let countersignature: ReceiptV3;
  try {
    countersignature = await signing;
  } catch (error) {
    return fail(error);
  }
  const kept = await trail.answered(verified, countersignature, carried);
  return kept ? finish(countersignature) : withheld(id, "audit_unavailable");
}

function withheld(id: RequestId, reason: "audit_unavailable" | "countersign_unavailable"): JsonRecord {
  return { ...errorAnswer(id, INTERNAL_ERROR, REFUSALS[reason].message, { reason }) };
}
