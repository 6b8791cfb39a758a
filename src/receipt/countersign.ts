import type { Sha256Text } from "../crypto/digest.js";
import { formatPublicKey } from "../crypto/key-text.js";
import { randomNonce } from "../crypto/random.js";
import type { Signer } from "../crypto/signer.js";
import { andThen } from "../lib/maybe-promise.js";
import type { MaybePromise } from "../lib/maybe-promise.js";
import { invalidOption } from "../lib/option.js";
import { parseTime } from "../lib/time.js";
import { readDraft, timeText } from "./draft.js";
import { readAnswerClaim, readServer } from "./parse-response.js";
import { bilateralText } from "./response-text.js";
import { signText } from "./signed.js";
import type { AgentReceipt, Outcome, ReceiptV3 } from "./types.js";

/** Who countersigns. */
export interface CountersignerInput {
  /** The server's key. */
  readonly signer: Signer;
  /** The server's name. */
  readonly name: string;
}

/** What is countersigned. */
export interface AnswerInput {
  /** The verified receipt of the call, as it was verified. */
  readonly agentReceipt: AgentReceipt;
  /** Canonical text of the same receipt, whole, as `agentReceiptText` writes it. It is signed as it stands. */
  readonly agentReceiptText: Uint8Array;
  /** Hash of what is answered: see `contentHash` and `errorHash`. */
  readonly contentHash: Sha256Text;
  readonly outcome?: Outcome | undefined;
  /** When the answer was made, in milliseconds since the Unix epoch. */
  readonly respondedAtMs: number;
  /** 1 to 128 characters of printable ASCII, never used before. Default: 128 random bits. */
  readonly nonce?: string | undefined;
}

export interface CountersignInput extends CountersignerInput, AnswerInput {}

/**
 * Countersigns a call and its result: a v3 receipt (wire format, section 6).
 *
 * `ts_response` is never before the agent's `ts`, which may be ahead within the allowed skew: other verifiers refuse
 * that. They also refuse an answer that took more than 300 s, unless told otherwise; it is signed here all the same,
 * because the tool has run.
 *
 * @returns the receipt, at once from a local signer, from others when it is there.
 * @throws `OptionError` `invalid_option` for an input that has no place in a receipt; `SignerError`, or rejects with
 * it, when the signer fails.
 */
export function countersignReceipt(input: CountersignInput): MaybePromise<ReceiptV3> {
  return createCountersigner(input)(input);
}

/**
 * Makes {@link countersignReceipt} for one server, of which the key and the name are checked once.
 *
 * @throws `OptionError` `invalid_option` for a key or a name that has no place in a receipt.
 */
export function createCountersigner({
  signer,
  name,
}: CountersignerInput): (input: AnswerInput) => MaybePromise<ReceiptV3> {
  const claim = { pubkey: formatPublicKey(signer.publicKey), name };
  const server = readDraft(claim, (value, path) => readServer(value, `${path}.server`));
  return (input) => {
    const { agentReceipt, contentHash, outcome } = input;
    const answer = readDraft(
      {
        response:
          outcome === undefined ? { content_hash: contentHash } : { content_hash: contentHash, outcome },
        ts_response: responseTime(input.respondedAtMs, agentReceipt.ts),
        nonce: input.nonce ?? randomNonce(),
      },
      readAnswerClaim,
      RENAMED,
    );
    const { response, ts_response, nonce } = answer;
    const text = bilateralText({ response, server, ts_response, nonce }, input.agentReceiptText);
    return andThen(signText(signer, text, "rec"), ({ sig, id }) => ({
      v: 3,
      id,
      agent_receipt: agentReceipt,
      response,
      // Each receipt has its own: whoever is given one may write to it.
      server: { ...server },
      ts_response,
      nonce,
      sig,
    }));
  };
}

/** The later of the two. In the same millisecond the agent's own text, of which the fraction may be finer. */
function responseTime(respondedAtMs: number, agentTime: string): string {
  const respondedAt = timeText(respondedAtMs, "respondedAtMs");
  const agentMs = parseTime(agentTime);
  if (agentMs === undefined) throw invalidOption("agentReceipt.ts", "a time of RFC 3339 in UTC", agentTime);
  return respondedAtMs > agentMs ? respondedAt : agentTime;
}

const RENAMED: Readonly<Record<string, string>> = { ts_response: "respondedAtMs" };
