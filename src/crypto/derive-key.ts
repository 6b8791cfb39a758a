import { hkdfSync } from "node:crypto";

const DERIVED_BYTES = 32;
const SALT = new Uint8Array(32);

/**
 * Derives a key for another purpose from a private key: HKDF-SHA-256 with a salt of 32 zero bytes (wire format, section
 * 11). The private key cannot be told from it.
 *
 * @param seed - The 32-byte seed of RFC 8032.
 * @param info - Names the purpose.
 * @returns 32 bytes.
 */
export function deriveFromSeed(seed: Uint8Array, info: string): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", seed, SALT, info, DERIVED_BYTES));
}
