import { randomNonce } from "../crypto/random.js";
import { andThen } from "../lib/maybe-promise.js";
import type { MaybePromise } from "../lib/maybe-promise.js";
import { invalidOption } from "../lib/option.js";
import { intentText } from "./agent-text.js";
import { present, readDraft, timeText } from "./draft.js";
import { RENAMED, actionDraft, requireDecision, signerDraft } from "./intent-draft.js";
import type { ActionInput, SignerInput } from "./intent-draft.js";
import { readIntentV1 } from "./parse-agent.js";
import { signText } from "./signed.js";
import type { AuthorizationDecision, PolicyAttestation, ReceiptV1 } from "./types.js";

export interface ReceiptInput extends ActionInput, SignerInput {
  /** When the receipt is signed, in milliseconds since the Unix epoch. */
  readonly issuedAtMs: number;
  /** When the receipt ends, in milliseconds since the Unix epoch, after `issuedAtMs`. Default: it says nothing. */
  readonly expMs?: number | undefined;
  readonly policy?: PolicyAttestation | undefined;
  /** An authority's decision for this very intent. */
  readonly decision?: AuthorizationDecision | undefined;
  /** 1 to 128 characters of printable ASCII, never used before. Default: 128 random bits. */
  readonly nonce?: string | undefined;
}

/**
 * Signs an agent's intent: a v1 receipt (wire format, sections 3 and 4).
 *
 * Never signs what a verifier would refuse.
 *
 * @returns the receipt: at once from a local signer, from others when it is there. Its `action.params` are the
 * caller's.
 * @throws `OptionError` `invalid_option` for an input that has no place in a receipt; `CanonicalJsonError` for params
 * that are no JSON; `SignerError`, or rejects with it, when the signer fails. All the caller's.
 */
export function signReceipt(input: ReceiptInput): MaybePromise<ReceiptV1> {
  return andThen(signIntent(input), ({ receipt }) => receipt);
}

/** A receipt, and the canonical text of its params that was made on the way. */
export interface SignedIntent {
  readonly receipt: ReceiptV1;
  readonly paramsText: Uint8Array;
}

/** Signs as {@link signReceipt} does. */
export function signIntent(input: ReceiptInput): MaybePromise<SignedIntent> {
  const { action, paramsText } = actionDraft(input);
  const ts = timeText(input.issuedAtMs, "issuedAtMs");
  const intent = readDraft(
    {
      v: 1,
      action,
      signer: signerDraft(input),
      ts,
      nonce: input.nonce ?? randomNonce(),
      ...present({ exp: expText(input), policy: input.policy, authz_decision: input.decision }),
    },
    readIntentV1,
    RENAMED,
  );
  if (intent.authz_decision !== undefined) requireDecision(intent.authz_decision, intent, input.issuedAtMs);
  return andThen(signText(input.signer, intentText(intent, paramsText), "rec"), (signed) => ({
    receipt: Object.assign(intent, signed),
    paramsText,
  }));
}

function expText({ expMs, issuedAtMs }: ReceiptInput): string | undefined {
  if (expMs === undefined) return undefined;
  if (!(expMs > issuedAtMs)) throw invalidOption("expMs", "after issuedAtMs", expMs);
  return timeText(expMs, "expMs");
}
