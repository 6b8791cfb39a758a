import { hash } from "node:crypto";

/** Words of 32 bits in a fingerprint: 128 bits. */
export const FINGERPRINT_WORDS = 4;

/** With the usual nonce of 36 characters this fills one block of SHA-256, and a claim is a quarter faster than with two. */
const SALT_LENGTH = 19;

/**
 * What stands for a signer in the fingerprints of its nonces: 133 bits of SHA-256(`secret`, `key`), as ASCII of a
 * fixed length, so that no key and nonce can be read as another key and nonce.
 */
export function signerSalt(secret: string, key: string): string {
  const digest = hash("sha256", secret + key, "buffer").subarray(0, SALT_LENGTH);
  return String.fromCharCode(...digest.map((byte) => byte & 0x7f));
}

/**
 * Writes the fingerprint of a signer's nonce: the first 128 bits of SHA-256(`salt`, `nonce`).
 *
 * A collision cannot let a replay through: it makes a fresh call look like a replay. By chance that takes two live
 * nonces that agree in 128 bits. On purpose it takes the secret behind the salt, which is random, the store's own,
 * and never leaves it: without it nobody can find two nonces that collide, nor nonces that gather in one
 * place of the table. Chosen nonces spread like random ones.
 */
export function writeFingerprint(into: Int32Array, salt: string, nonce: string): void {
  // One character a byte: making a string takes a third of the time of a Buffer.
  const digest = hash("sha256", salt + nonce, "binary");
  for (let word = 0; word < FINGERPRINT_WORDS; word++) {
    const at = word * 4;
    into[word] =
      digest.charCodeAt(at) |
      (digest.charCodeAt(at + 1) << 8) |
      (digest.charCodeAt(at + 2) << 16) |
      (digest.charCodeAt(at + 3) << 24);
  }
}
