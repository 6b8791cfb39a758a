import { importVerifyKey, verifySignature } from "../crypto/ed25519.js";
import type { VerifyKey } from "../crypto/ed25519.js";
import { checkPublicKey } from "../crypto/key-check.js";
import { parsePublicKeyText, parseSignatureText } from "../crypto/key-text.js";
import type { PublicKeyText, SignatureText } from "../crypto/key-text.js";

/**
 * Turns the text of a public key into a key to check with, `undefined` if no signature under it may count. Whoever
 * remembers keys passes a function of their own: {@link soundKey} takes 0.7 ms.
 */
export type KeyLookup = (pubkey: PublicKeyText) => VerifyKey | undefined;

/** Makes a key ready after all the checks of a key that is taken in (wire format, section 13). */
export function soundKey(pubkey: PublicKeyText): VerifyKey | undefined {
  const bytes = parsePublicKeyText(pubkey);
  if (bytes === undefined || checkPublicKey(bytes) !== undefined) return undefined;
  return importVerifyKey(bytes);
}

/** Tells whether a signature over a canonical text, in UTF-8, holds. Never throws. */
export function holdsSignature(key: VerifyKey | undefined, text: Uint8Array, sig: SignatureText): boolean {
  const signature = parseSignatureText(sig);
  return key !== undefined && signature !== undefined && verifySignature(key, text, signature);
}
