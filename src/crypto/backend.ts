/**
 * What does the Ed25519 arithmetic. One backend is there, `node:crypto`; another (native, or a choice between two by
 * the size of the message) implements the same interface. A backend need not be strict about edge cases: what is
 * accepted is fixed in `ed25519.ts`, whatever runs underneath.
 */
export interface Ed25519Backend {
  /**
   * Takes in a public key, once.
   *
   * @param publicKey - 32 bytes, a canonical encoding and not of small order.
   */
  importPublicKey(publicKey: Uint8Array): VerifyingKey;

  /**
   * Takes in a private key, once. The seed is not kept in memory that an inspection of objects reaches.
   *
   * @param seed - 32 bytes; the caller may wipe them afterwards.
   */
  importSeed(seed: Uint8Array): SigningKey;
}

/**
 * What is done in the background is done by another thread. That costs some of this thread's time as well, so it pays
 * where several are at work. Messages may be written over as soon as a function has returned.
 */
export interface VerifyingKey {
  /** Checks a signature of 64 bytes over a message. Never throws. */
  verify(message: Uint8Array, signature: Uint8Array): boolean;
  /** The same. Never rejects. */
  verifyInBackground(message: Uint8Array, signature: Uint8Array): Promise<boolean>;
}

export interface SigningKey {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Signs a message: 64 bytes. */
  sign(message: Uint8Array): Uint8Array;
  signInBackground(message: Uint8Array): Promise<Uint8Array>;
  /** Derives a key for another purpose, as `deriveFromSeed` does: 32 bytes. */
  derive(info: string): Uint8Array;
}
