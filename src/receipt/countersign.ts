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
import type { AnswerClaim } from "./parse-response.js";
import { useBilateralText } from "./response-text.js";
import { signText } from "./signed.js";
import type { AgentReceipt, Outcome, ReceiptV3 } from "./types.js";

/** Who countersigns. */
export interface CountersignerInput {
  /** The server's key. */
  readonly signer: Signer;
  /** The server's name. */
  readonly name: string;
}

export interface CountersignInput extends CountersignerInput {
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
  const { agentReceipt, contentHash, outcome } = input;
  const claim = readDraft(
    {
      response:
        outcome === undefined ? { content_hash: contentHash } : { content_hash: contentHash, outcome },
      ts_response: responseTime(input.respondedAtMs, agentReceipt.ts),
      nonce: input.nonce ?? randomNonce(),
    },
    readAnswerClaim,
    RENAMED,
  );
  return createCountersigner(input)(agentReceipt, input.agentReceiptText, claim);
}

/** Countersigns for one server. What is claimed of the answer is signed as it is: it has to be of the format. */
export type Countersigner = (
  agentReceipt: AgentReceipt,
  agentReceiptText: Uint8Array,
  claim: AnswerClaim,
  background?: boolean,
) => MaybePromise<ReceiptV3>;

/**
 * Makes what {@link countersignReceipt} does for one server, of which the key and the name are checked once.
 *
 * @throws `OptionError` `invalid_option` for a key or a name that has no place in a receipt.
 */
export function createCountersigner({ signer, name }: CountersignerInput): Countersigner {
  const draft = { pubkey: formatPublicKey(signer.publicKey), name };
  const server = readDraft(draft, (value, path) => readServer(value, `${path}.server`));
  return (agentReceipt, agentReceiptText, { response, ts_response, nonce }, background) =>
    andThen(
      useBilateralText({ response, server, ts_response, nonce }, agentReceiptText, (text) =>
        signText(signer, text, "rec", background),
      ),
      ({ sig, id }) => ({
        v: 3,
        id,
        agent_receipt: agentReceipt,
        response,
        // Each receipt has its own: whoever is given one may write to it.
        server: { ...server },
        ts_response,
        nonce,
        sig,
      }),
    );
}

/**
 * When an answer counts as made: the later of now and the agent's own time. In the same millisecond the agent's own
 * text, of which the fraction may be finer.
 *
 * @throws `OptionError` `invalid_option` when one of them is no time.
 */
export function responseTime(respondedAtMs: number, agentTime: string): string {
  const respondedAt = timeText(respondedAtMs, "respondedAtMs");
  const agentMs = parseTime(agentTime);
  if (agentMs === undefined) throw invalidOption("agentReceipt.ts", "a time of RFC 3339 in UTC", agentTime);
  return respondedAtMs > agentMs ? respondedAt : agentTime;
}

const RENAMED: Readonly<Record<string, string>> = { ts_response: "respondedAtMs" };
