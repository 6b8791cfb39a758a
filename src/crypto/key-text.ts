import { decodeBase64, encodeBase64 } from "./base64.js";

/** A public key as text: `ed25519:` and standard base64 with padding of its 32 bytes (wire-format 1). */
export type PublicKeyText = `ed25519:${string}`;

/** A signature as text: `ed25519:` and standard base64 with padding of its 64 bytes (wire-format 1). */
export type SignatureText = `ed25519:${string}`;

export const PUBLIC_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

const PREFIX = "ed25519:";

/**
 * Reads the text of a public key, strictly. Says nothing of whether the key is a good one: see `checkPublicKey`.
 *
 * @returns 32 bytes, `undefined` for anything that is not the only text of some 32 bytes.
 */
export function parsePublicKeyText(value: unknown): Uint8Array | undefined {
  return parseText(value, PUBLIC_KEY_BYTES);
}

/**
 * Reads the text of a signature, strictly.
 *
 * @returns 64 bytes, `undefined` for anything that is not the only text of some 64 bytes.
 */
export function parseSignatureText(value: unknown): Uint8Array | undefined {
  return parseText(value, SIGNATURE_BYTES);
}

/** Writes a 32-byte public key as text. */
export function formatPublicKey(bytes: Uint8Array): PublicKeyText {
  return `${PREFIX}${encodeBase64(bytes)}`;
}

/** Writes a 64-byte signature as text. */
export function formatSignature(bytes: Uint8Array): SignatureText {
  return `${PREFIX}${encodeBase64(bytes)}`;
}

function parseText(value: unknown, length: number): Uint8Array | undefined {
  if (typeof value !== "string" || !value.startsWith(PREFIX)) return undefined;
  return decodeBase64(value.slice(PREFIX.length), length);
}
