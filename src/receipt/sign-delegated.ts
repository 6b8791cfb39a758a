import { formatPublicKey } from "../crypto/key-text.js";
import { randomNonce } from "../crypto/random.js";
import type { Signer } from "../crypto/signer.js";
import { OptionError } from "../errors.js";
import { andThen } from "../lib/maybe-promise.js";
import type { MaybePromise } from "../lib/maybe-promise.js";
import { intentText } from "./agent-text.js";
import { chainHash, checkAuthorization } from "./check-delegation.js";
import { present, readDraft, timeText } from "./draft.js";
import { RENAMED, actionDraft, requireDecision } from "./intent-draft.js";
import type { ActionInput } from "./intent-draft.js";
import { readIntentV4 } from "./parse-agent.js";
import { readDelegationToken } from "./parse-delegation.js";
import { signText } from "./signed.js";
import type { AuthorizationDecision, DelegationToken, ReceiptV4 } from "./types.js";

export interface DelegatedInput extends ActionInput {
  /** The key of the chain's last delegate. */
  readonly signer: Signer;
  /** 1 to 16 tokens, the root's first. They also say under what name and for whom the receipt is signed. */
  readonly chain: readonly DelegationToken[];
  /** Who the signer is. Default: the last delegate's principal, if it has one; it has to be that one then. */
  readonly principal?: string | undefined;
  /** When the receipt is signed, in milliseconds since the Unix epoch. */
  readonly issuedAtMs: number;
  /** An authority's decision for this very intent. */
  readonly decision?: AuthorizationDecision | undefined;
  /** 1 to 128 characters of printable ASCII, never used before. Default: 128 random bits. */
  readonly nonce?: string | undefined;
}

/**
 * Signs an agent's intent under a chain of delegations: a v4 receipt (wire format, section 9).
 *
 * `signer.owner` is the root's name, `signer.acting_for` the root's principal. Never signs what a verifier that trusts
 * the root would refuse: the chain is checked as a verifier checks it, which takes a few milliseconds.
 *
 * @returns the receipt: at once from a local signer, from others when it is there.
 * @throws `OptionError` `invalid_option` for a chain or decision that does not hold for this call, and as `signReceipt`
 * does.
 */
export function signDelegatedReceipt(input: DelegatedInput): MaybePromise<ReceiptV4> {
  const { issuedAtMs } = input;
  const chain = input.chain.map((token, index) =>
    readDraft(token, (value) => readDelegationToken(value, `draft.chain[${index}]`)),
  );
  const [first, last] = [chain[0], chain.at(-1)];
  if (first === undefined || last === undefined)
    throw new OptionError("invalid_option", "chain", "chain is empty");
  const { action, paramsText } = actionDraft(input);
  const intent = readDraft(
    {
      v: 4,
      action,
      signer: {
        pubkey: formatPublicKey(input.signer.publicKey),
        name: last.delegate.name,
        owner: first.delegator.name,
        ...present({
          principal: input.principal ?? last.delegate.principal,
          acting_for: first.delegator.principal,
        }),
      },
      authorization: { chain, chain_hash: chainHash(chain), root_pubkey: first.delegator.pubkey },
      ts: timeText(issuedAtMs, "issuedAtMs"),
      nonce: input.nonce ?? randomNonce(),
      ...present({ authz_decision: input.decision }),
    },
    readIntentV4,
    { ...RENAMED, authorization: "chain" },
  );
  const check = checkAuthorization(intent, issuedAtMs);
  if (!check.ok) throw new OptionError("invalid_option", "chain", `chain does not hold: ${check.detail}`);
  if (intent.authz_decision !== undefined) requireDecision(intent.authz_decision, intent, issuedAtMs);
  return andThen(signText(input.signer, intentText(intent, paramsText), "rec"), ({ sig, id }) => ({
    ...intent,
    id,
    sig,
  }));
}
