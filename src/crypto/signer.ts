import { randomBytes } from "node:crypto";

import { SignerError } from "../errors.js";
import { andThen, isPromise } from "../lib/maybe-promise.js";
import type { MaybePromise } from "../lib/maybe-promise.js";
import type { SigningKey } from "./backend.js";
import { importVerifyKey, verifySignature } from "./ed25519.js";
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from "./key-text.js";
import { chosenBackend } from "./chosen-backend.js";

/**
 * What holds a private key and signs with it: a key in memory ({@link createSigner}), or a key service, where the
 * key never is here. Who the signer is, name and owner, goes beside it.
 */
export interface Signer {
  /** The 32 bytes of the public key. They do not change. */
  readonly publicKey: Uint8Array;
  /** Longest message, in bytes, that it can sign; no limit when left out. */
  readonly maxMessageBytes?: number;
  /**
   * Signs a message with Ed25519 (RFC 8032).
   *
   * @returns the 64 bytes of the signature, at once or later.
   * @throws anything, or rejects, when it cannot sign: it is reported as a `SignerError` `signer_failed`.
   */
  sign(message: Uint8Array): MaybePromise<Uint8Array>;
}

const SEED_BYTES = 32;

/**
 * Makes a signer from a private key. It signs synchronously; the key is in no property that `util.inspect` or
 * JSON shows.
 *
 * @param seed - The 32-byte seed of RFC 8032. It is copied: the caller may wipe it.
 * @throws `SignerError` `key_invalid` when it is not 32 bytes.
 */
export function createSigner(seed: Uint8Array): Signer {
  if (!(seed instanceof Uint8Array) || seed.length !== SEED_BYTES) {
    throw new SignerError("key_invalid", `the seed of a private key is ${SEED_BYTES} bytes`);
  }
  return new LocalSigner(seed);
}

/** Makes a signer with a new random key, which is lost with the process. */
export function generateSigner(): Signer {
  const seed = generateSeed();
  const signer = createSigner(seed);
  seed.fill(0);
  return signer;
}

/** Makes the seed of a new key: 32 random bytes. */
export function generateSeed(): Uint8Array {
  return new Uint8Array(randomBytes(SEED_BYTES));
}

/**
 * Signs a message, and trusts no signer but those made here: what comes from another is verified before it is used.
 *
 * @param message - May be written over as soon as this has returned.
 * @param background - Whether a signer made here signs on another thread, which pays where several are at work.
 * @returns the 64 bytes of the signature: at once from a signer of {@link createSigner} unless it is in the background, from
 * others when it is there.
 * @throws `SignerError`, or rejects with it: `message_too_long` before the signer is asked, `signer_failed` with the
 * cause when the signer could not, `key_invalid` when its public key is none, `signature_invalid` when what it gave
 * does not verify.
 */
export function signWith(
  signer: Signer,
  message: Uint8Array,
  background: boolean = false,
): MaybePromise<Uint8Array> {
  const signature = LocalSigner.sign(signer, message, background);
  return signature ?? signElsewhere(signer, new Uint8Array(message));
}

function signElsewhere(signer: Signer, message: Uint8Array): MaybePromise<Uint8Array> {
  const limit = signer.maxMessageBytes;
  if (limit !== undefined && message.length > limit) {
    throw new SignerError("message_too_long", `${message.length} bytes to sign, the signer takes ${limit}`);
  }
  return andThen(askSigner(signer, message), (answer) => {
    requireValid(signer.publicKey, message, answer);
    return answer;
  });
}

/** Tells whether a signer is one of {@link createSigner}: a key in memory, which signs the same twice without harm. */
export function signsHere(signer: Signer): boolean {
  return LocalSigner.is(signer);
}

/**
 * Derives a key for another purpose from a signer's private key, as `deriveFromSeed` does.
 *
 * @returns 32 bytes; `undefined` for a signer that is not one of {@link createSigner}: its private key is elsewhere.
 */
export function deriveKey(signer: Signer, info: string): Uint8Array | undefined {
  return LocalSigner.derive(signer, info);
}

class LocalSigner implements Signer {
  readonly #key: SigningKey;

  constructor(seed: Uint8Array) {
    this.#key = chosenBackend().importSeed(seed);
  }

  get publicKey(): Uint8Array {
    return this.#key.publicKey;
  }

  static is(signer: Signer): boolean {
    return #key in signer;
  }

  /** Signs with the key inside, if the signer is one of these: what only looks like one does not have the key. */
  static sign(
    signer: Signer,
    message: Uint8Array,
    background: boolean,
  ): MaybePromise<Uint8Array> | undefined {
    if (!(#key in signer)) return undefined;
    return background ? signer.#key.signInBackground(message) : signer.#key.sign(message);
  }

  static derive(signer: Signer, info: string): Uint8Array | undefined {
    return #key in signer ? signer.#key.derive(info) : undefined;
  }

  sign(message: Uint8Array): Uint8Array {
    return this.#key.sign(message);
  }
}

/** A signer of somebody else's may have promises of its own kind: what comes of it is one of the language's. */
function askSigner(signer: Signer, message: Uint8Array): MaybePromise<Uint8Array> {
  try {
    const signature = signer.sign(message);
    return isPromise(signature) ? Promise.resolve(signature).then(undefined, failed) : signature;
  } catch (error) {
    return failed(error);
  }
}

function failed(cause: unknown): never {
  throw new SignerError("signer_failed", "the signer did not sign", { cause });
}

function requireValid(publicKey: Uint8Array, message: Uint8Array, signature: unknown): void {
  if (!(publicKey instanceof Uint8Array) || publicKey.length !== PUBLIC_KEY_BYTES) {
    throw new SignerError("key_invalid", `the signer's public key is not ${PUBLIC_KEY_BYTES} bytes`);
  }
  if (!(signature instanceof Uint8Array) || signature.length !== SIGNATURE_BYTES) {
    throw new SignerError("signature_invalid", `the signer did not return ${SIGNATURE_BYTES} bytes`);
  }
  if (!verifySignature(importVerifyKey(publicKey), message, signature)) {
    throw new SignerError("signature_invalid", "the signer's signature does not verify with its public key");
  }
}
