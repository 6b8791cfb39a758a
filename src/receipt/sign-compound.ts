import type { Sha256Text } from "../crypto/digest.js";
import { randomNonce } from "../crypto/random.js";
import { andThen } from "../lib/maybe-promise.js";
import type { MaybePromise } from "../lib/maybe-promise.js";
import { present, readDraft, timeText } from "./draft.js";
import { actionDraft, signerDraft } from "./intent-draft.js";
import type { ActionInput, SignerInput } from "./intent-draft.js";
import { readUnsignedV2 } from "./parse-response.js";
import { compoundText } from "./response-text.js";
import { signText } from "./signed.js";
import type { Outcome, ReceiptV2 } from "./types.js";

export interface CompoundInput extends ActionInput, SignerInput {
  /** Hash of what came back: see `contentHash`. */
  readonly contentHash: Sha256Text;
  readonly outcome?: Outcome | undefined;
  /** When the call was made, in milliseconds since the Unix epoch. */
  readonly requestedAtMs: number;
  /** When the answer came, in milliseconds since the Unix epoch. */
  readonly respondedAtMs: number;
  /** 1 to 128 characters of printable ASCII, never used before. Default: 128 random bits. */
  readonly nonce?: string | undefined;
}

/**
 * Signs a call together with what the agent saw come back: a v2 receipt (wire format, section 5). It proves no more than the
 * agent's word; a countersigned (v3) receipt has the server's.
 *
 * @returns the receipt: at once from a local signer, from others when it is there.
 * @throws as `signReceipt` does.
 */
export function signCompoundReceipt(input: CompoundInput): MaybePromise<ReceiptV2> {
  const { action, paramsText } = actionDraft(input);
  const receipt = readDraft(
    {
      v: 2,
      action,
      response: { content_hash: input.contentHash, ...present({ outcome: input.outcome }) },
      signer: signerDraft(input),
      ts_request: timeText(input.requestedAtMs, "requestedAtMs"),
      ts_response: timeText(input.respondedAtMs, "respondedAtMs"),
      nonce: input.nonce ?? randomNonce(),
    },
    readUnsignedV2,
  );
  return andThen(signText(input.signer, compoundText(receipt, paramsText), "rec"), ({ sig, id }) => ({
    ...receipt,
    id,
    sig,
  }));
}
