import type { Sha256Text } from "../crypto/digest.js";
import { CanonicalJsonError } from "../errors.js";
import { isPlainObject, ownValue } from "../lib/json.js";
import type { JsonRecord } from "../lib/json.js";
import { contentHash, errorHash } from "../receipt/content-hash.js";
import { BILATERAL_META, BILATERAL_META_ALIAS } from "../receipt/meta.js";
import type { Outcome, ReceiptV3 } from "../receipt/types.js";
import { INTERNAL_ERROR } from "./message.js";

/** An answer made ready for its countersignature: what it covers, and where it goes. */
export interface PreparedAnswer {
  readonly contentHash: Sha256Text;
  readonly outcome: Outcome;
  /** The answer with the countersignature in its place. */
  attach(countersignature: ReceiptV3): JsonRecord;
  /** A countersignature that the answer had already. It was taken out. */
  readonly carried: unknown;
  /** The task that the answer says was made. */
  readonly taskId: string | undefined;
}

/**
 * Takes an answer apart for countersigning. What is hashed is what `attach` puts on the wire: values that JSON
 * cannot hold are converted first. If there is no canonical form at all, the answer is replaced by an error that
 * says so, and that is what gets signed: the tool has run, and evidence of that must not be lost.
 *
 * @param task - Whether the request asked for a task.
 */
export function prepareAnswer(answer: JsonRecord, task: boolean): PreparedAnswer {
  const error = ownValue(answer, "error");
  try {
    return isPlainObject(error) ? prepareError(answer, error) : prepareResult(answer, task);
  } catch (cause) {
    if (!(cause instanceof CanonicalJsonError) && !(cause instanceof TypeError)) throw cause;
    const reason = cause instanceof CanonicalJsonError ? cause.code : "not_json";
    const message = "The result cannot be written as canonical JSON";
    const substitute = { code: INTERNAL_ERROR, message, data: { reason: "result_not_canonical" } };
    const { result: _, ...rest } = answer;
    const prepared = prepareError({ ...rest, error: substitute }, substitute);
    return { ...prepared, outcome: { status: "failed", error: `result_not_canonical: ${reason}` } };
  }
}

/** @throws `CanonicalJsonError` or `TypeError` when the result is no object or has no canonical form. */
export function prepareResult(answer: JsonRecord, task: boolean): PreparedAnswer {
  const raw = ownValue(answer, "result");
  if (!isPlainObject(raw)) throw new CanonicalJsonError("not_json", "the result is no object");
  const found = ownValue(raw, "_meta");
  const { rest: meta, carried } = takeBilateral(isPlainObject(found) ? found : {});
  const bare = carried === undefined ? raw : { ...raw, _meta: meta };
  const { value: result, hash } = hashAsSent(bare, contentHash);
  const sentMeta = ownValue(result, "_meta");
  return {
    contentHash: hash,
    outcome: outcomeOf(result, task),
    carried,
    taskId: createdTask(result, task),
    attach: (countersignature) => ({
      ...answer,
      result: {
        ...result,
        _meta: { ...(isPlainObject(sentMeta) ? sentMeta : {}), [BILATERAL_META]: countersignature },
      },
    }),
  };
}

/** @throws `CanonicalJsonError` or `TypeError` when the error has no canonical form. */
export function prepareError(answer: JsonRecord, raw: JsonRecord): PreparedAnswer {
  const found = ownValue(raw, "data");
  const { rest: data, carried } = takeBilateral(isPlainObject(found) ? found : {});
  const bare = carried === undefined ? raw : { ...raw, data };
  const { value: error, hash } = hashAsSent(bare, errorHash);
  const sentData = ownValue(error, "data");
  const attachable = sentData === undefined || isPlainObject(sentData);
  return {
    contentHash: hash,
    outcome: { status: "failed", error: `jsonrpc_error: ${String(ownValue(error, "code"))}` },
    carried,
    taskId: undefined,
    attach: (countersignature) => ({
      ...answer,
      error: attachable ? { ...error, data: { ...sentData, [BILATERAL_META]: countersignature } } : error,
    }),
  };
}

/** Hashes a value; if it holds what JSON cannot, first turns it into what `JSON.stringify` will send. */
function hashAsSent(
  value: JsonRecord,
  hash: (value: unknown) => Sha256Text,
): { readonly value: JsonRecord; readonly hash: Sha256Text } {
  try {
    return { value, hash: hash(value) };
  } catch (error) {
    if (!(error instanceof CanonicalJsonError)) throw error;
    const sent: unknown = JSON.parse(JSON.stringify(value));
    if (!isPlainObject(sent)) throw error;
    return { value: sent, hash: hash(sent) };
  }
}

/**
 * What is said of the call: a task that was made, or a request for more input, is not an execution. Its result, if
 * any, leaves later with a receipt of its own.
 */
function outcomeOf(result: JsonRecord, task: boolean): Outcome {
  if (ownValue(result, "isError") === true) return { status: "failed", error: "tool_error" };
  const type = ownValue(result, "resultType");
  if (type === "input_required" || createdTask(result, task) !== undefined) return { status: "verified" };
  return { status: "executed" };
}

/** The id of the task that a result says was made, if it is such a result. */
export function createdTask(result: JsonRecord, asked: boolean): string | undefined {
  const task = ownValue(result, "task");
  if (!isPlainObject(task) || !(asked || ownValue(result, "resultType") === "task")) return undefined;
  const taskId = ownValue(task, "taskId");
  return typeof taskId === "string" ? taskId : undefined;
}

function takeBilateral(members: JsonRecord): { readonly rest: JsonRecord; readonly carried: unknown } {
  const { [BILATERAL_META]: named, [BILATERAL_META_ALIAS]: alias, ...rest } = members;
  return { rest, carried: named ?? alias };
}
