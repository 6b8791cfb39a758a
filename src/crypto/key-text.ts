import { encodeBase64 } from "./base64.js";

/** A public key as text: `ed25519:` and standard base64 with padding of its 32 bytes (wire-format 1). */
export type PublicKeyText = `ed25519:${string}`;

/** A signature as text: `ed25519:` and standard base64 with padding of its 64 bytes (wire-format 1). */
export type SignatureText = `ed25519:${string}`;

export const PUBLIC_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

const PREFIX = "ed25519:";
/** Characters of padded base64 of 32 and of 64 bytes, with the prefix; of these, characters that are padding. */
const PUBLIC_KEY_LENGTH = 52;
const SIGNATURE_LENGTH = 96;
/** The last digit leaves no stray bits: it is a multiple of so much. So there is one text for each key and signature. */
const PUBLIC_KEY_STEP = 4;
const SIGNATURE_STEP = 16;

/** Tells whether a value is the text of some 32 bytes, in its only form. */
export function isPublicKeyText(value: unknown): value is PublicKeyText {
  return (
    typeof value === "string" &&
    value.length === PUBLIC_KEY_LENGTH &&
    isPrefixedBase64(value, PUBLIC_KEY_LENGTH - 1, PUBLIC_KEY_STEP)
  );
}

/** Tells whether a value is the text of some 64 bytes, in its only form. */
export function isSignatureText(value: unknown): value is SignatureText {
  return (
    typeof value === "string" &&
    value.length === SIGNATURE_LENGTH &&
    isPrefixedBase64(value, SIGNATURE_LENGTH - 2, SIGNATURE_STEP)
  );
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

/** The value of each base64 digit, by its character; more than any for all other characters. */
const DIGITS = new Uint8Array(128).fill(64);
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
for (let digit = 0; digit < ALPHABET.length; digit++) DIGITS[ALPHABET.charCodeAt(digit)] = digit;

/** A loop, as every call has five such texts and a regular expression takes three times as long. */
function isPrefixedBase64(text: string, end: number, step: number): boolean {
  if (!text.startsWith(PREFIX)) return false;
  let digit = 0;
  for (let at = PREFIX.length; at < end; at++) {
    digit = DIGITS[text.charCodeAt(at)] ?? 64;
    if (digit === 64) return false;
  }
  for (let at = end; at < text.length; at++) if (text.charCodeAt(at) !== PADDING) return false;
  return digit % step === 0;
}

const PADDING = 0x3d;
