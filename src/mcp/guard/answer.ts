import type { Sha256Text } from "../../crypto/digest.js";
import { copyJson } from "../../crypto/copy-json.js";
import { CanonicalJsonError } from "../../errors.js";
import { isPlainObject, ownValue } from "../../lib/json.js";
import type { JsonRecord } from "../../lib/json.js";
import { contentHash, errorHash } from "../../receipt/content-hash.js";
import { BILATERAL_META, BILATERAL_META_ALIAS } from "../../receipt/meta.js";
import type { Outcome, ReceiptV3 } from "../../receipt/types.js";
import { asJson, INTERNAL_ERROR } from "../message.js";

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
    // Whatever the tool's result throws, be it a getter or an end of the stack, is a fault of the result.
    const reason = cause instanceof CanonicalJsonError ? cause.code : "not_json";
    const message = "The result cannot be written as canonical JSON";
    const substitute = { code: INTERNAL_ERROR, message, data: { reason: "result_not_canonical" } };
    const { result: _, ...rest } = answer;
    const prepared = prepareError({ ...rest, error: substitute }, substitute);
    return { ...prepared, outcome: { status: "failed", error: `result_not_canonical: ${reason}` } };
  }
}

/** @throws `CanonicalJsonError`, or what the result throws when it is looked at, when it is no object or has no canonical form. */
export function prepareResult(answer: JsonRecord, task: boolean): PreparedAnswer {
  const given = ownValue(answer, "result");
  // An object of a class is sent as its JSON, like everything in it.
  const raw = isPlainObject(given) ? given : asJson(given);
  if (!isPlainObject(raw)) throw new CanonicalJsonError("not_json", "the result is no object");
  const { content: result, hash, carried } = hashAsSent(raw, takeMeta, contentHash);
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

/** @throws `CanonicalJsonError`, or what the error throws when it is looked at, when it has no canonical form. */
export function prepareError(answer: JsonRecord, raw: JsonRecord): PreparedAnswer {
  const { content: error, hash, carried } = hashAsSent(raw, takeData, errorHash);
  const sentData = ownValue(error, "data");
  const code = ownValue(error, "code");
  const attachable = sentData === undefined || isPlainObject(sentData);
  return {
    contentHash: hash,
    outcome: {
      status: "failed",
      error: typeof code === "number" ? `jsonrpc_error: ${code}` : "jsonrpc_error",
    },
    carried,
    taskId: undefined,
    attach: (countersignature) => ({
      ...answer,
      error: attachable ? { ...error, data: { ...sentData, [BILATERAL_META]: countersignature } } : error,
    }),
  };
}

/** What is sent and hashed of a result or an error, before its countersignature is put in. */
interface Taken {
  readonly content: JsonRecord;
  readonly carried: unknown;
}

/** As many as have a canonical form. */
const CONTENT_LEVELS = 100;

/**
 * Hashes what is sent. That is a copy: the tool may go on to change its result while the answer waits for a signature, or
 * for its turn. If it holds what JSON cannot, the copy is what `JSON.stringify` would send.
 */
function hashAsSent(
  raw: JsonRecord,
  take: (content: JsonRecord) => Taken,
  hash: (value: unknown) => Sha256Text,
): Taken & { readonly hash: Sha256Text } {
  try {
    const { content, carried } = take(raw);
    const copy = copyJson(content, CONTENT_LEVELS);
    return { content: copy, carried, hash: hash(copy) };
  } catch (error) {
    if (!(error instanceof CanonicalJsonError)) throw error;
    const sent: unknown = JSON.parse(JSON.stringify(raw));
    if (!isPlainObject(sent)) throw error;
    const { content, carried } = take(sent);
    return { content, carried, hash: hash(content) };
  }
}

/** Takes out of a result what its countersignature replaces: another one, and a `_meta` that is no object. */
function takeMeta(result: JsonRecord): Taken {
  const meta = ownValue(result, "_meta");
  if (isPlainObject(meta)) {
    const { rest, carried } = takeBilateral(meta);
    return { content: carried === undefined ? result : { ...result, _meta: rest }, carried };
  }
  // One that is no JSON yet, such as an object of a class, is looked at again once it is.
  if (meta === undefined || (typeof meta === "object" && meta !== null && !Array.isArray(meta))) {
    return { content: result, carried: undefined };
  }
  const { _meta: _, ...content } = result;
  return { content, carried: undefined };
}

function takeData(error: JsonRecord): Taken {
  const data = ownValue(error, "data");
  if (!isPlainObject(data)) return { content: error, carried: undefined };
  const { rest, carried } = takeBilateral(data);
  return { content: carried === undefined ? error : { ...error, data: rest }, carried };
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
