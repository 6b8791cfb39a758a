import { canonicalBytes } from "../crypto/canonical-json.js";
import type { CanonicalLimits } from "../crypto/canonical-json.js";
import { withCanonicalWriter } from "../crypto/canonical-writer.js";
import type { CanonicalWriter } from "../crypto/canonical-writer.js";
import { writeAction, writeSigner } from "./claim-text.js";
import type { WriteParams } from "./claim-text.js";
import type { IntentV1, IntentV4 } from "./parse-agent.js";
import type { Action, AgentReceipt } from "./types.js";

/** The two canonical texts of an agent's receipt, as UTF-8. They share the params' text, which is made once. */
export interface AgentReceiptText {
  /** What the agent signed: the receipt without `id` and `sig`, in a v4 receipt also without the chain. */
  readonly signed: Uint8Array;
  /** The whole receipt, as a v3 receipt embeds it. */
  readonly whole: Uint8Array;
  /** The params within `signed`. */
  readonly params: Uint8Array;
}

/** The same while it is written. The views are good until something more is. */
export interface AgentReceiptViews {
  readonly signed: Uint8Array;
  readonly params: Uint8Array;
  /** Writes the whole receipt, and copies it. */
  readonly copyWhole: () => Uint8Array;
}

/**
 * Writes the canonical texts of a parsed receipt around the canonical text of its params (wire format, sections 2, 4
 * and 9). Never throws for a receipt that came out of `parseAgentReceipt` or `signReceipt`.
 *
 * @param paramsText - Canonical text of `receipt.action.params`, as {@link paramsText} writes it; `null` for a receipt that
 * tells only their hash.
 */
export function agentReceiptText(receipt: AgentReceipt, paramsText: Uint8Array): AgentReceiptText {
  const writeParams: WriteParams = (writer) => {
    writer.raw(paramsText);
  };
  return useAgentReceiptText(receipt, writeParams, ({ signed, params, copyWhole }) => ({
    signed: new Uint8Array(signed),
    whole: copyWhole(),
    params: new Uint8Array(params),
  }));
}

/**
 * Canonical text of a receipt's params, as UTF-8.
 *
 * @throws `CanonicalJsonError` when they are no JSON, too deep or too large: the peer's fault, if the receipt is a peer's.
 */
export function paramsText(receipt: { readonly action: Action }, limits?: CanonicalLimits): Uint8Array {
  return canonicalBytes(receipt.action.params, limits);
}

/**
 * Lends the texts of {@link agentReceiptText}, with the params written in their place.
 *
 * @throws what `writeParams` and `use` throw.
 */
export function useAgentReceiptText<Result>(
  receipt: AgentReceipt,
  writeParams: WriteParams,
  use: (text: AgentReceiptViews) => Result,
): Result {
  return withCanonicalWriter((writer) => {
    const places = writeSigned(writer, receipt, writeParams);
    const signed = writer.view();
    return use({
      signed,
      params: signed.subarray(places.params, places.paramsEnd),
      copyWhole: () => {
        writeWhole(writer, receipt, places, signed.length);
        return writer.copy(signed.length);
      },
    });
  });
}

/** Writes the text that an agent is about to sign. */
export function intentText(intent: IntentV1 | IntentV4, paramsText: Uint8Array): Uint8Array {
  return withCanonicalWriter((writer) => {
    writeSigned(writer, intent, () => {
      writer.raw(paramsText);
    });
    return writer.copy();
  });
}

/** Where parts of a signed text begin. */
interface Places {
  readonly params: number;
  readonly paramsEnd: number;
  /** The authorization of a v4 receipt, which ends where the terms begin: the whole receipt has another in its place. */
  readonly authorization: number;
  /** Decision and expiry. */
  readonly terms: number;
  /** The nonce, before which the whole receipt has its `id`. */
  readonly nonce: number;
  /** The signer, before whom the whole receipt has its `sig`. */
  readonly signer: number;
}

function writeSigned(
  writer: CanonicalWriter,
  receipt: IntentV1 | IntentV4,
  writeParams: WriteParams,
): Places {
  let params = 0;
  let paramsEnd = 0;
  writer.ascii('{"action":');
  writeAction(writer, receipt.action, () => {
    params = writer.length;
    writeParams(writer);
    paramsEnd = writer.length;
  });
  writer.ascii(",");
  const authorization = writer.length;
  if (receipt.v === 4) {
    // A v4 signature covers the chain by its hash.
    const { chain_hash, root_pubkey } = receipt.authorization;
    writer.ascii(`"authorization":{"chain_hash":"${chain_hash}","root_pubkey":"${root_pubkey}"},`);
  }
  const terms = writer.length;
  writeTerms(writer, receipt);
  const nonce = writer.length;
  writer.ascii('"nonce":');
  writer.text(receipt.nonce);
  writer.ascii(",");
  if (receipt.v === 1 && receipt.policy !== undefined) {
    writer.ascii('"policy":');
    writer.value(receipt.policy);
    writer.ascii(",");
  }
  const signer = writer.length;
  writer.ascii('"signer":');
  writeSigner(writer, receipt.signer);
  writer.ascii(',"ts":"');
  writer.ascii(receipt.ts);
  writer.ascii(receipt.v === 1 ? '","v":1}' : '","v":4}');
  return { params, paramsEnd, authorization, terms, nonce, signer };
}

function writeTerms(writer: CanonicalWriter, receipt: IntentV1 | IntentV4): void {
  if (receipt.authz_decision !== undefined) {
    writer.ascii('"authz_decision":');
    writer.value(receipt.authz_decision);
    writer.ascii(",");
  }
  if (receipt.v === 1 && receipt.exp !== undefined) writer.ascii(`"exp":"${receipt.exp}",`);
}

/** Writes the whole receipt behind its signed text, out of the parts of that. */
function writeWhole(writer: CanonicalWriter, receipt: AgentReceipt, places: Places, end: number): void {
  writer.again(0, places.authorization);
  if (receipt.v === 4) {
    writer.ascii('"authorization":');
    writer.value(receipt.authorization);
    writer.ascii(",");
  }
  writer.again(places.terms, places.nonce);
  writer.ascii('"id":"');
  writer.ascii(receipt.id);
  writer.ascii('",');
  writer.again(places.nonce, places.signer);
  writer.ascii('"sig":"');
  writer.ascii(receipt.sig);
  writer.ascii('",');
  writer.again(places.signer, end);
}
