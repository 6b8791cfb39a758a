import { encodeBase64 } from "./base64.js";

/** A public key as text: `ed25519:` and standard base64 with padding of its 32 bytes (wire-format 1). */
export type PublicKeyText = `ed25519:${string}`;

/** A signature as text: `ed25519:` and standard base64 with padding of its 64 bytes (wire-format 1). */
export type SignatureText = `ed25519:${string}`;

export const PUBLIC_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

const PREFIX = "ed25519:";
/** Padded base64 of 32 and of 64 bytes. The last digit is one of those that leave no stray bits: so there is one text for each. */
const PUBLIC_KEY_TEXT = /^ed25519:[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;
const SIGNATURE_TEXT = /^ed25519:[A-Za-z0-9+/]{85}[AQgw]==$/;

/** Tells whether a value is the text of some 32 bytes, in its only form. */
export function isPublicKeyText(value: unknown): value is PublicKeyText {
  return typeof value === "string" && PUBLIC_KEY_TEXT.test(value);
}

/** Tells whether a value is the text of some 64 bytes, in its only form. */
export function isSignatureText(value: unknown): value is SignatureText {
  return typeof value === "string" && SIGNATURE_TEXT.test(value);
}

/** The bytes of a text that is known to be one, by the functions above. */
export function bytesOf(text: `${typeof PREFIX}${string}`): Uint8Array {
  return Buffer.from(text.slice(PREFIX.length), "base64");
}

/**
 * Reads the text of a public key, strictly. Says nothing of whether the key is a good one: see `checkPublicKey`.
 *
 * @returns 32 bytes, `undefined` for anything that is not the only text of some 32 bytes.
 */
export function parsePublicKeyText(value: unknown): Uint8Array | undefined {
  return isPublicKeyText(value) ? bytesOf(value) : undefined;
}

/**
 * Reads the text of a signature, strictly.
 *
 * @returns 64 bytes, `undefined` for anything that is not the only text of some 64 bytes.
 */
export function parseSignatureText(value: unknown): Uint8Array | undefined {
  return isSignatureText(value) ? bytesOf(value) : undefined;
}

/** Writes a 32-byte public key as text. */
export function formatPublicKey(bytes: Uint8Array): PublicKeyText {
  return `${PREFIX}${encodeBase64(bytes)}`;
}

/** Writes a 64-byte signature as text. */
export function formatSignature(bytes: Uint8Array): SignatureText {
  return `${PREFIX}${encodeBase64(bytes)}`;
}
