import { canonicalHash } from "../../crypto/canonical-json.js";
import type { Sha256Text } from "../../crypto/digest.js";
import { CanonicalJsonError, OptionError, SignerError } from "../../errors.js";
import { isPlainObject, ownValue } from "../../lib/json.js";
import type { JsonRecord } from "../../lib/json.js";
import { andThen, isPromise } from "../../lib/maybe-promise.js";
import type { MaybePromise } from "../../lib/maybe-promise.js";
import { quoted, quotedError } from "../../lib/text.js";
import { agentReceiptText } from "../../receipt/agent-text.js";
import { RECEIPT_META, RECEIPT_META_ALIAS } from "../../receipt/meta.js";
import { signIntent } from "../../receipt/sign.js";
import type { SignedIntent } from "../../receipt/sign.js";
import type { ClientSettings } from "./options.js";
import { rejectAnswer } from "./refusals.js";
import type { ClientRejection } from "./refusals.js";
import type { Identity } from "../../keystore/identity.js";
import type { Message, RequestId } from "../message.js";
import { signedParams, signedTool } from "../signed-intent.js";

/** A signed request, as far as its answer has to fit it. */
export interface SentCall {
  readonly id: RequestId;
  readonly method: string;
  readonly tool: string;
  readonly target: string;
  readonly paramsHash: Sha256Text;
  /** Whether the request asked for a task. */
  readonly task: boolean;
  /** The message as it was sent. */
  readonly request: JsonRecord;
  /** The receipt that went with it. A resumed request has none. */
  readonly receipt: SentReceipt | undefined;
}

export interface SentReceipt {
  readonly id: string;
  /** Canonical text of the whole receipt. Kept as bytes: the peer in memory may write to what it was sent. */
  readonly whole: Uint8Array;
}

/** With what a request is signed. */
export interface Signing {
  readonly identity: Identity;
  readonly settings: ClientSettings;
  /** The receipts' `action.transport`. */
  readonly transport: string;
}

export type SignedCall =
  { readonly ok: true; readonly call: SentCall } | (ClientRejection & { readonly cause: unknown });

type Request = Extract<Message, { kind: "request" }>;

/**
 * Signs a request. The caller's message is not changed: what is signed and sent is a copy as JSON would carry it.
 *
 * Never throws and never rejects: what went wrong is a value.
 *
 * @returns at once, unless the signer takes its time.
 */
export function signCall(request: Request, signing: Signing): MaybePromise<SignedCall> {
  try {
    const draft = draftCall(request, signing.settings.target);
    const signed = andThen(signIntent(receiptInput(draft, signing)), (intent) =>
      sealCall(draft, intent, signing),
    );
    return isPromise(signed) ? signed.then(undefined, rejectCall) : signed;
  } catch (error) {
    return rejectCall(error);
  }
}

/** Reads a request that resumes an earlier one. Nothing of it is posted, so it is not signed. */
export function resumedCall(request: Request, target: string): SignedCall {
  try {
    const { intent, ...call } = draftCall(request, target);
    const paramsHash = canonicalHash(intent);
    return { ok: true, call: { ...call, paramsHash, request: request.raw, receipt: undefined } };
  } catch (error) {
    return rejectCall(error);
  }
}

interface Draft extends Omit<SentCall, "receipt" | "paramsHash"> {
  /** The receipt's `action.params`. */
  readonly intent: unknown;
}

function draftCall({ id, method, params, raw }: Request, target: string): Draft {
  const sent = params === undefined ? {} : jsonCopy(params);
  if (!isPlainObject(sent)) throw new CanonicalJsonError("not_json", "the params are no object");
  const tool = signedTool(method, sent);
  const intent = signedParams(method, sent);
  if (tool === undefined) throw new OptionError("missing_option", "tool", "the call names no tool");
  const task = Object.hasOwn(sent, "task");
  return { id, method, tool, target, task, intent, request: { ...raw, params: sent } };
}

function receiptInput(
  draft: Draft,
  { identity, settings, transport }: Signing,
): Parameters<typeof signIntent>[0] {
  const { lifetimeMs, hashOnly } = settings;
  const issuedAtMs = Math.floor(settings.clock());
  return {
    ...identity,
    ...(hashOnly ? { paramsHash: canonicalHash(draft.intent) } : { params: draft.intent }),
    tool: draft.tool,
    target: draft.target,
    transport,
    issuedAtMs,
    expMs: lifetimeMs === undefined ? undefined : issuedAtMs + lifetimeMs,
  };
}

/** Puts the receipt into the request. One that the application put there is taken out: sent twice, it is a replay. */
function sealCall(draft: Draft, { receipt, paramsText }: SignedIntent, { settings }: Signing): SignedCall {
  const { intent: _, ...call } = draft;
  const params = ownValue(call.request, "params");
  const members: JsonRecord = isPlainObject(params) ? params : {};
  const found = ownValue(members, "_meta");
  const { [RECEIPT_META]: _named, [RECEIPT_META_ALIAS]: _alias, ...meta } = isPlainObject(found) ? found : {};
  const sealed = { ...members, _meta: { ...meta, [settings.metaKey]: receipt } };
  const { whole } = agentReceiptText(receipt, paramsText);
  return {
    ok: true,
    call: {
      ...call,
      paramsHash: receipt.action.params_hash,
      request: { ...call.request, params: sealed },
      receipt: { id: receipt.id, whole },
    },
  };
}

function rejectCall(cause: unknown): SignedCall {
  if (cause instanceof CanonicalJsonError) {
    return { ...rejectAnswer("params_not_canonical", `${cause.code}: ${cause.message}`), cause };
  }
  if (cause instanceof SignerError) {
    return { ...rejectAnswer("signer_failed", `${cause.code}: ${cause.message}`), cause };
  }
  const detail = cause instanceof OptionError ? cause.message : `an unforeseen fault: ${quotedError(cause)}`;
  return { ...rejectAnswer("call_not_signable", detail), cause };
}

/**
 * Copies a value as a connection would carry it: what JSON leaves out is left out, a `Date` is a text. Numbers that
 * JSON turns into `null` are refused: `null` is not what the caller meant.
 */
function jsonCopy(value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value, refuseNonFinite));
  } catch (error) {
    if (error instanceof CanonicalJsonError) throw error;
    throw new CanonicalJsonError("not_json", "the params cannot be written as JSON", { cause: error });
  }
}

function refuseNonFinite(key: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new CanonicalJsonError("non_finite", `NaN and infinities are no JSON, see ${quoted(key)}`);
  }
  return value;
}
