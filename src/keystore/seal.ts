import { randomBytes } from "node:crypto";
import { canonicalBytes } from "../crypto/canonical-json.js";
import { derivePassphraseKey, KDF_PARAMS } from "./kdf.js";
import type { KdfParams } from "./kdf.js";

/** A seed that a passphrase opens. */
export interface SealedSeed {
  readonly kdfParams: KdfParams;
  /** 16 bytes. */
  readonly salt: Uint8Array;
  /** 24 bytes. */
  readonly nonce: Uint8Array;
  /** 48 bytes: the seed and the tag of Poly1305. */
  readonly ciphertext: Uint8Array;
}

export const SALT_BYTES = 16;
export const NONCE_BYTES = 24;
export const CIPHERTEXT_BYTES = 48;

/**
 * Encrypts a seed for a key of a name (wire-format 11).
 *
 * @param kdfParams - What it costs to try a passphrase. Default is what all implementations of Signet use.
 */
export async function sealSeed(
  name: string,
  seed: Uint8Array,
  passphrase: string,
  kdfParams: KdfParams = KDF_PARAMS,
): Promise<SealedSeed> {
  const [salt, nonce] = [randomBytes(SALT_BYTES), randomBytes(NONCE_BYTES)];
  const ciphertext = await withCipher({ name, kdfParams, salt, nonce }, passphrase, (cipher) =>
    cipher.encrypt(seed),
  );
  return { kdfParams, salt, nonce, ciphertext };
}

/**
 * Opens a seed.
 *
 * @returns the 32 bytes, to be wiped after use; `undefined` when the passphrase or any byte is another: nobody can tell which.
 */
export async function openSeed(
  name: string,
  sealed: SealedSeed,
  passphrase: string,
): Promise<Uint8Array | undefined> {
  return await withCipher({ name, ...sealed }, passphrase, (cipher) => {
    try {
      return cipher.decrypt(sealed.ciphertext);
    } catch {
      return undefined;
    }
  });
}

interface Parameters extends Pick<SealedSeed, "kdfParams" | "salt" | "nonce"> {
  readonly name: string;
}

interface Cipher {
  encrypt(plain: Uint8Array): Uint8Array;
  decrypt(sealed: Uint8Array): Uint8Array;
}

async function withCipher<T>(
  { name, kdfParams, salt, nonce }: Parameters,
  passphrase: string,
  work: (cipher: Cipher) => T,
): Promise<T> {
  const key = await derivePassphraseKey(passphrase, salt, kdfParams);
  try {
    const { xchacha20poly1305 } = await import("@noble/ciphers/chacha.js");
    const { t, m, p } = kdfParams;
    const bound = {
      v: 1,
      algorithm: "ed25519",
      name,
      kdf: "argon2id",
      kdf_params: { t, m, p },
      cipher: "xchacha20poly1305",
    };
    return work(xchacha20poly1305(key, nonce, canonicalBytes(bound)));
  } finally {
    key.fill(0);
  }
}
