import { canonicalBytes } from "../crypto/canonical-json.js";
import { sha256Text } from "../crypto/digest.js";
import type { Sha256Text } from "../crypto/digest.js";
import { formatPublicKey } from "../crypto/key-text.js";
import type { Signer } from "../crypto/signer.js";
import { OptionError } from "../errors.js";
import { checkDecisionFor } from "./check-decision.js";
import type { DecidedReceipt } from "./check-decision.js";
import { present } from "./draft.js";
import type { AuthorizationDecision } from "./types.js";

/** What is called, as the caller of the call knows it. Members become the members of {@link Action}. */
export interface ActionInput {
  readonly tool: string;
  /** The call's arguments, any JSON value; default `{}`. Kept by reference: do not change them afterwards. */
  readonly params?: unknown;
  /** Hash of arguments that the receipt shall not show. Goes without `params`. */
  readonly paramsHash?: Sha256Text | undefined;
  /** The server that the call is for. Guards refuse a receipt for another target, or for none. */
  readonly target: string;
  /** A free word: `stdio`, `http`, `sse`. */
  readonly transport: string;
  readonly session?: string | undefined;
  readonly callId?: string | undefined;
  readonly responseHash?: Sha256Text | undefined;
  readonly traceId?: string | undefined;
  readonly parentReceiptId?: string | undefined;
}

/** Who signs, beside the key. */
export interface SignerInput {
  readonly signer: Signer;
  /** The name that the registry binds to the key. */
  readonly name: string;
  /** Default: empty, which claims no owner. */
  readonly owner?: string | undefined;
  readonly principal?: string | undefined;
  readonly actingFor?: string | undefined;
}

/** Puts together the action of a receipt, and the canonical text of its params. */
export function actionDraft(input: ActionInput): {
  readonly action: object;
  readonly paramsText: Uint8Array;
} {
  if (input.params !== undefined && input.paramsHash !== undefined) {
    throw new OptionError("invalid_option", "paramsHash", "paramsHash goes without params");
  }
  const params = input.paramsHash !== undefined ? null : input.params === undefined ? {} : input.params;
  const paramsText = canonicalBytes(params);
  return {
    action: {
      tool: input.tool,
      params,
      params_hash: input.paramsHash ?? sha256Text(params === null ? "{}" : paramsText),
      target: input.target,
      transport: input.transport,
      ...present({
        session: input.session,
        call_id: input.callId,
        response_hash: input.responseHash,
        trace_id: input.traceId,
        parent_receipt_id: input.parentReceiptId,
      }),
    },
    paramsText,
  };
}

export function signerDraft(input: SignerInput): object {
  return {
    pubkey: formatPublicKey(input.signer.publicKey),
    name: input.name,
    owner: input.owner ?? "",
    ...present({ principal: input.principal, acting_for: input.actingFor }),
  };
}

/** Refuses to sign under a decision that does not hold for what is signed. */
export function requireDecision(
  decision: AuthorizationDecision,
  intent: DecidedReceipt,
  nowMs: number,
): void {
  const check = checkDecisionFor(decision, intent, nowMs);
  if (!check.ok) {
    throw new OptionError("invalid_option", "decision", `decision does not hold: ${check.detail}`);
  }
}

/** Wire members whose options are not just their names in camel case. */
export const RENAMED: Readonly<Record<string, string>> = {
  authz_decision: "decision",
  pubkey: "signer",
  ts: "issuedAtMs",
  exp: "expMs",
};
