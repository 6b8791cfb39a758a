import { sha256Text } from "../../crypto/digest.js";
import { verifySignature } from "../../crypto/ed25519.js";
import type { VerifyKey } from "../../crypto/ed25519.js";
import { parseSignatureText } from "../../crypto/key-text.js";
import { CanonicalJsonError } from "../../errors.js";
import { isPlainObject, ownValue } from "../../lib/json.js";
import type { JsonRecord } from "../../lib/json.js";
import { parseTime } from "../../lib/time.js";
import { agentReceiptText, paramsText } from "../../receipt/agent-text.js";
import { contentHash, errorHash } from "../../receipt/content-hash.js";
import { bilateralText } from "../../receipt/response-text.js";
import { holdsSignature, soundKey } from "../../receipt/signature.js";
import type { Outcome, OutcomeStatus, ReceiptV3 } from "../../receipt/types.js";
import type { AnswerBody } from "./countersignature.js";
import { rejectAnswer } from "./refusals.js";
import type { ClientRejection } from "./refusals.js";
import type { SentCall } from "./request.js";
import type { TrustedServers } from "./servers.js";
import type { SentReceipts } from "./sent-receipts.js";

/** What an answer is checked against, beside the call it answers. */
export interface AnswerChecks {
  readonly servers: TrustedServers;
  readonly sentReceipts: SentReceipts;
  readonly nowMs: number;
  readonly clockSkewMs: number;
}

/**
 * Checks a countersignature (guard, section 4): by a trusted server that may answer for the target, over the receipt
 * of this very call, over this very answer, and dated soundly.
 *
 * Never throws, whatever the answer holds.
 *
 * @returns the first check that did not hold, `undefined` if all held.
 */
export function checkAnswer(
  body: AnswerBody,
  receipt: ReceiptV3,
  call: SentCall,
  checks: AnswerChecks,
): ClientRejection | undefined {
  const server = checks.servers.find(receipt.server, call.target, checks.nowMs);
  if (!server.ok) return server;
  const whole = embeddedText(receipt);
  if (whole === undefined || !answersCall(receipt, whole, call, checks.sentReceipts)) {
    return rejectAnswer(
      "receipt_mismatch",
      "the countersigned receipt is not the one that was sent for this request",
    );
  }
  const signature = parseSignatureText(receipt.sig);
  const text = bilateralText(receipt, whole);
  if (signature === undefined || !verifySignature(server.key, text, signature)) {
    return rejectAnswer(
      "bad_countersignature",
      "the signature is not the listed key's over this countersignature",
    );
  }
  return (
    checkTime(receipt, checks) ??
    checkContent(body, receipt) ??
    checkOutcome(body, receipt.response.outcome) ??
    checkTask(body, call)
  );
}

/** Tells whether a countersignature of nobody in particular is evidence of a call. Never throws. */
export type EvidenceCheck = (
  body: AnswerBody,
  receipt: ReceiptV3,
  call: SentCall,
  sentReceipts: SentReceipts,
) => boolean;

/**
 * Makes a check for where no servers are named: a countersignature is evidence if it is over the receipt of this very
 * call and over this very answer, dated soundly, and signed by whatever key it names. Whose key that is nobody knows.
 */
export function createEvidenceCheck(): EvidenceCheck {
  let last: { readonly pubkey: string; readonly key: VerifyKey | undefined } | undefined;
  return (body, receipt, call, sentReceipts) => {
    const whole = embeddedText(receipt);
    if (whole === undefined || !answersCall(receipt, whole, call, sentReceipts)) return false;
    const { pubkey } = receipt.server;
    // A connection has one server, mostly, and to take in a key is dear.
    if (last?.pubkey !== pubkey) last = { pubkey, key: soundKey(pubkey) };
    return (
      holdsSignature(last.key, bilateralText(receipt, whole), receipt.sig) &&
      checkTime(receipt, { nowMs: Number.POSITIVE_INFINITY, clockSkewMs: 0 }) === undefined &&
      checkContent(body, receipt) === undefined
    );
  };
}

/** Canonical text of the agent's receipt as the server returned it. */
function embeddedText({ agent_receipt: receipt }: ReceiptV3): Uint8Array | undefined {
  try {
    return agentReceiptText(receipt, paramsText(receipt)).whole;
  } catch (error) {
    if (error instanceof CanonicalJsonError) return undefined;
    throw error;
  }
}

/**
 * Tells whether the embedded receipt is the one that was sent. A resumed request was sent without: its answer has to
 * be to an unanswered call of ours of the same tool with the same arguments.
 */
function answersCall(
  receipt: ReceiptV3,
  whole: Uint8Array,
  call: SentCall,
  sentReceipts: SentReceipts,
): boolean {
  if (call.receipt !== undefined) return Buffer.compare(whole, call.receipt.whole) === 0;
  const { id, action } = receipt.agent_receipt;
  return (
    action.tool === call.tool &&
    action.target === call.target &&
    action.params_hash === call.paramsHash &&
    sentReceipts.has(id, sha256Text(whole))
  );
}

function checkTime(
  receipt: ReceiptV3,
  { nowMs, clockSkewMs }: Pick<AnswerChecks, "nowMs" | "clockSkewMs">,
): ClientRejection | undefined {
  const asked = parseTime(receipt.agent_receipt.ts);
  const answered = parseTime(receipt.ts_response);
  if (asked === undefined || answered === undefined || answered < asked) {
    return rejectAnswer("countersignature_time", "it is dated before the call");
  }
  if (answered <= nowMs + clockSkewMs) return undefined;
  return rejectAnswer("countersignature_time", `it is dated ${answered - nowMs} ms ahead of this clock`);
}

function checkContent({ kind, content }: AnswerBody, receipt: ReceiptV3): ClientRejection | undefined {
  try {
    const hash = kind === "result" ? contentHash(content) : errorHash(content);
    if (hash === receipt.response.content_hash) return undefined;
    return rejectAnswer("content_mismatch", `the ${kind} has another hash than the countersigned one`);
  } catch (error) {
    if (!(error instanceof CanonicalJsonError)) throw error;
    return rejectAnswer("content_mismatch", `the ${kind} has no canonical form (${error.code})`);
  }
}

/**
 * Checks that no error is passed off as a result, and no result as an error: the hash of `{code, message}` is the same
 * for both.
 */
function checkOutcome(
  { kind, content }: AnswerBody,
  outcome: Outcome | undefined,
): ClientRejection | undefined {
  if (outcomeFits(kind, content, outcome?.status)) return undefined;
  const status = outcome?.status ?? "not told";
  return rejectAnswer("outcome_mismatch", `the answer is a ${kind}, the countersigned outcome is ${status}`);
}

function outcomeFits(
  kind: AnswerBody["kind"],
  content: JsonRecord,
  status: OutcomeStatus | undefined,
): boolean {
  if (kind === "error") return status !== "executed" && status !== "verified";
  if (status === "failed") return ownValue(content, "isError") === true;
  // Other implementations leave the outcome out: then only the look of the content tells.
  if (status === undefined) return !looksLikeError(content);
  return status === "executed" || status === "verified";
}

function looksLikeError(content: JsonRecord): boolean {
  return typeof ownValue(content, "code") === "number" && typeof ownValue(content, "message") === "string";
}

/** A task that nobody asked for: `task` was added to the request on its way, where no signature covers it. */
function checkTask({ kind, content }: AnswerBody, call: SentCall): ClientRejection | undefined {
  if (kind === "error" || call.task || call.method.startsWith("tasks/")) return undefined;
  const task = ownValue(content, "task");
  const handsOut = isPlainObject(task) && typeof ownValue(task, "taskId") === "string";
  if (!handsOut && ownValue(content, "resultType") !== "task") return undefined;
  return rejectAnswer("task_not_requested", "the result hands out a task");
}
