import { isPlainObject, ownValue } from "../../lib/json.js";
import type { JsonRecord } from "../../lib/json.js";
import { quoted } from "../../lib/text.js";

/** The envelope that encrypted params are in (wire format, section 11): what stands as `action.params_encrypted`. */

/** Name of the member that stands in the place of `params`. */
export const ENVELOPE = "params_encrypted";
export const ALGORITHM = "xchacha20poly1305";
export const NONCE_BYTES = 24;
const TAG_BYTES = 16;
const MEMBERS: readonly string[] = ["v", "alg", "kid", "nonce", "ciphertext"];

export interface Envelope {
  /** 24 bytes. */
  readonly nonce: Uint8Array;
  /** With its tag: 16 bytes or more. */
  readonly ciphertext: Uint8Array;
}

/**
 * Reads an envelope strictly.
 *
 * @param signer - Text of the key that the agent's receipt is signed with: the envelope has to name it.
 * @returns what is wrong with it, as a text, if anything is.
 */
export function readEnvelope(envelope: unknown, signer: unknown): Envelope | string {
  if (!isPlainObject(envelope)) return "it is not an object";
  const unknown = Object.keys(envelope).find((name) => !MEMBERS.includes(name));
  if (unknown !== undefined) return `it has the unknown member ${quoted(unknown)}`;
  if (ownValue(envelope, "v") !== 1) return "v is not 1";
  if (ownValue(envelope, "alg") !== ALGORITHM) return `alg is not ${ALGORITHM}`;
  const kid = ownValue(envelope, "kid");
  if (typeof kid !== "string" || kid !== signer) return "kid is not the signer's key";
  const nonce = strictBase64(envelope, "nonce");
  if (nonce?.length !== NONCE_BYTES) return `nonce is not the base64 of ${NONCE_BYTES} bytes`;
  const ciphertext = strictBase64(envelope, "ciphertext");
  if (ciphertext === undefined || ciphertext.length < TAG_BYTES) {
    return `ciphertext is not the base64 of ${TAG_BYTES} bytes or more`;
  }
  return { nonce, ciphertext };
}

/** Text of the key that an agent's receipt says it is signed with, of whatever form. */
export function signerOf(agentReceipt: JsonRecord): unknown {
  const claim = ownValue(agentReceipt, "signer");
  return isPlainObject(claim) ? ownValue(claim, "pubkey") : undefined;
}

/** Reads base64 of any length: only the one text that its bytes have. */
function strictBase64(envelope: JsonRecord, name: string): Uint8Array | undefined {
  const text = ownValue(envelope, name);
  if (typeof text !== "string") return undefined;
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? new Uint8Array(bytes) : undefined;
}
