import type { JsonRecord } from "../../lib/json.js";
import { ownValue, isPlainObject } from "../../lib/json.js";
import { cut } from "../../lib/text.js";
import { isRefusalCode } from "../../verify/refusals.js";
import type { RefusalCode } from "../../verify/refusals.js";
import { errorAnswer } from "../message.js";
import type { ErrorAnswer, RequestId } from "../message.js";

/** One row of {@link CLIENT_REFUSALS}. */
export interface ClientRefusal {
  /** The fixed text of the error that the caller gets. */
  readonly message: string;
  /** What was found. */
  readonly meaning: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** Why a caller gets an error instead of an answer. Stable: it is in `error.data.reason`. */
export type ClientRefusalCode =
  | "countersignature_missing"
  | "countersignature_malformed"
  | "untrusted_server"
  | "key_not_yet_valid"
  | "key_expired"
  | "key_disabled"
  | "key_revoked"
  | "server_mismatch"
  | "server_out_of_scope"
  | "receipt_mismatch"
  | "bad_countersignature"
  | "countersignature_time"
  | "content_mismatch"
  | "outcome_mismatch"
  | "answer_malformed"
  | "answer_id_mismatch"
  | "task_not_requested"
  | "params_not_canonical"
  | "call_not_signable"
  | "signer_failed"
  | "audit_unavailable"
  | "too_many_requests";

/**
 * Every reason for which a signing transport puts an error in the place of an answer, or of a request that it cannot
 * sign.
 */
export const CLIENT_REFUSALS: Readonly<Record<ClientRefusalCode, ClientRefusal>> = {
  countersignature_missing: {
    message: "The answer is not countersigned",
    meaning: "The result has no `_meta._signet_bilateral`, or the error no `data._signet_bilateral`.",
    remedy:
      "If the call was refused, `data.answered` says why; nobody vouches for that. Else guard the server (`guard.protect`).",
  },
  countersignature_malformed: {
    message: "The countersignature is malformed",
    meaning: "The countersignature is no v3 receipt as the format has it, or there are two that differ.",
    remedy: "Check for software in between that rewrites messages.",
  },
  untrusted_server: {
    message: "The server is not trusted",
    meaning: "The key that countersigned is not listed under `servers`, or is not a sound one.",
    remedy: "Add the server's public key to `servers`.",
  },
  key_not_yet_valid: {
    message: "The server's key is not valid yet",
    meaning: "The registry's `created_at` for the server's key is in the future.",
    remedy: "Wait, or correct `created_at` or the clock.",
  },
  key_expired: {
    message: "The server's key has expired",
    meaning: "The registry's `expires_at` for the server's key is past.",
    remedy: "Rotate the server's key.",
  },
  key_disabled: {
    message: "The server's key is disabled",
    meaning: "The registry says `status: disabled` for the server's key, in any section.",
    remedy: "Ask whoever keeps the registry.",
  },
  key_revoked: {
    message: "The server's key is revoked",
    meaning: "The registry says `status: revoked` for the server's key, in any section.",
    remedy: "Give the server a new key.",
  },
  server_mismatch: {
    message: "The server is not who the registry says",
    meaning: "The countersignature's `server.name` differs from the name listed for that key.",
    remedy: "Let the guard sign under the name that `servers` lists.",
  },
  server_out_of_scope: {
    message: "The server may not answer for this target",
    meaning: "The registry's `targets` for the server's key do not cover the target that was called.",
    remedy: "Widen the entry's `targets`, if this server should answer for it.",
  },
  receipt_mismatch: {
    message: "The answer is to another call",
    meaning: "The countersignature embeds another receipt than the one that was sent with this request.",
    remedy: "Something in between swapped or replayed an answer. For a resumed request see `sentReceipts`.",
  },
  bad_countersignature: {
    message: "The countersignature does not hold",
    meaning: "The signature is not that of the server's key over this countersignature.",
    remedy: "Something changed it after it was signed.",
  },
  countersignature_time: {
    message: "The countersignature is dated wrongly",
    meaning: "It is dated before the call, or ahead of this clock by more than `clockSkewMs`.",
    remedy: "Set the clocks (NTP).",
  },
  content_mismatch: {
    message: "The answer is not the one that was countersigned",
    meaning:
      "The hash of the result, or of the error, is not the countersigned one, or there is no canonical form to hash.",
    remedy: "Something changed the answer after it was signed.",
  },
  outcome_mismatch: {
    message: "The answer is not of the kind that was countersigned",
    meaning: "A result came with the outcome of a failure, or an error with that of a success.",
    remedy: "Something turned an error into a result, or a result into an error.",
  },
  answer_malformed: {
    message: "The answer is malformed",
    meaning: "The answer has both a result and an error, or one that is no object.",
    remedy: "Look at the server, and at what is in between.",
  },
  answer_id_mismatch: {
    message: "The answer's id is not the request's",
    meaning:
      'The id is equal as a number but not the same value, such as `"1"` for `1`; clients take it for the same.',
    remedy: "Look at the server, and at what is in between.",
  },
  task_not_requested: {
    message: "The server made a task of a plain call",
    meaning: "The result hands out a task and the request did not ask for one.",
    remedy: "Something added `task` to the request on its way.",
  },
  params_not_canonical: {
    message: "The arguments cannot be signed",
    meaning:
      "The arguments have no canonical JSON: NaN, a lone surrogate, an integer beyond 2^53, a cycle, too deep. Nothing was sent.",
    remedy: "Send what JSON can hold exactly; large integers as text.",
  },
  call_not_signable: {
    message: "The call cannot be signed",
    meaning: "The call names no tool, or a name that no receipt can hold. Nothing was sent.",
    remedy: "Name the tool.",
  },
  signer_failed: {
    message: "The call was not signed",
    meaning:
      "The signer threw, gave a wrong signature, or cannot sign a message this long. Nothing was sent.",
    remedy: "Look at the signer; the cause goes to `onerror`.",
  },
  audit_unavailable: {
    message: "The audit log cannot be written",
    meaning:
      "The call's receipt could not be logged and it was not sent, or it has run and its answer's could not; the detail says.",
    remedy: "Make room or repair the log; the cause goes to `onerror`. Do not repeat a call that has run.",
  },
  too_many_requests: {
    message: "Too many requests are in flight",
    meaning: "10,000 requests of this transport wait for their answers. Nothing was sent.",
    remedy: "Wait for answers; cancel what is not waited for.",
  },
};

/**
 * JSON-RPC code of every error that a signing transport makes itself. Positive: the protocol's own codes are
 * negative, and the SDKs act upon some of them.
 */
export const CLIENT_ERROR = 1;

const MAX_ANSWERED_MESSAGE = 200;

/** A check that did not hold. */
export interface ClientRejection {
  readonly ok: false;
  readonly code: ClientRefusalCode;
  /** One sentence for the log. No key, no receipt, and at most some characters of what the peer sent. */
  readonly detail: string;
  readonly answered?: UnverifiedError;
}

/** What an error said that nobody vouches for. Its `data` is left out: the SDKs act upon some. */
export interface UnverifiedError {
  readonly code: number | undefined;
  /** Cut to 200 characters. */
  readonly message: string | undefined;
  /** The guard's reason, if it is one that guards give. */
  readonly reason: RefusalCode | undefined;
}

export function rejectAnswer(code: ClientRefusalCode, detail: string): ClientRejection {
  return { ok: false, code, detail };
}

/** Makes the error that a caller gets. Of the answer that was refused it holds no more than `answered`. */
export function refusalAnswer(id: RequestId, { code, detail, answered }: ClientRejection): ErrorAnswer {
  const { message } = CLIENT_REFUSALS[code];
  const reason = answered?.reason;
  const text = reason === undefined ? message : `${message}; it says that the call was refused: ${reason}`;
  const data: JsonRecord = { reason: code, detail };
  if (answered !== undefined) data["answered"] = definedMembers(answered);
  return errorAnswer(id, CLIENT_ERROR, text, data);
}

/** Reads what is safe to show of an error that nobody vouches for. */
export function readUnverifiedError(error: JsonRecord): UnverifiedError {
  const code = ownValue(error, "code");
  const message = ownValue(error, "message");
  const data = ownValue(error, "data");
  const reason = isPlainObject(data) ? ownValue(data, "reason") : undefined;
  return {
    code: typeof code === "number" ? code : undefined,
    message: typeof message === "string" ? cut(message, MAX_ANSWERED_MESSAGE) : undefined,
    reason: isRefusalCode(reason) ? reason : undefined,
  };
}

function definedMembers(answered: UnverifiedError): JsonRecord {
  return Object.fromEntries(Object.entries(answered).filter(([, value]) => value !== undefined));
}
