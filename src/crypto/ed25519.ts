import { OptionError } from "../errors.js";
import type { MaybePromise } from "../lib/maybe-promise.js";
import type { VerifyingKey } from "./backend.js";
import { checkPublicKeyEncoding } from "./key-check.js";
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from "./key-text.js";
import { chosenBackend } from "./chosen-backend.js";
import { isSmallOrder } from "./small-order.js";

/** A public key made ready to check signatures with. Made by {@link importVerifyKey}; keep it, importing is dear. */
export class VerifyKey {
  readonly #key: VerifyingKey | undefined;

  /** Use {@link importVerifyKey}. Without a key nothing verifies. */
  constructor(key: VerifyingKey | undefined) {
    this.#key = key;
  }

  /** Use {@link verifySignature}. */
  accepts(message: Uint8Array, signature: Uint8Array): boolean {
    return this.#key !== undefined && isAcceptable(signature) && this.#key.verify(message, signature);
  }

  /** Use {@link verifyInBackground}. */
  acceptsInBackground(message: Uint8Array, signature: Uint8Array): MaybePromise<boolean> {
    return (
      this.#key !== undefined && isAcceptable(signature) && this.#key.verifyInBackground(message, signature)
    );
  }
}

/**
 * Makes a public key ready. It is not checked for being on the curve or for torsion (see `checkPublicKey`): under a
 * key of small order or with another than the canonical encoding no signature verifies.
 *
 * @param bytes - The 32 bytes of the key.
 * @throws `OptionError` `invalid_option` when it is not 32 bytes: the caller's fault, who parses texts first.
 */
export function importVerifyKey(bytes: Uint8Array): VerifyKey {
  if (bytes.length !== PUBLIC_KEY_BYTES) {
    throw new OptionError("invalid_option", "bytes", `a public key has 32 bytes, got ${bytes.length}`);
  }
  return new VerifyKey(
    checkPublicKeyEncoding(bytes) === undefined ? chosenBackend().importPublicKey(bytes) : undefined,
  );
}

/**
 * Checks a signature, with the accept-set of wire-format 14: that of ed25519-dalek's `verify_strict` and of
 * libsodium. On top of what OpenSSL refuses (S >= L, an R that is not canonical) these are signatures of another
 * length, an R of small order, and keys of small order or with a second encoding.
 *
 * Never throws, whatever the bytes are.
 */
export function verifySignature(key: VerifyKey, message: Uint8Array, signature: Uint8Array): boolean {
  return key.accepts(message, signature);
}

/**
 * Checks a signature as {@link verifySignature} does, on another thread, which pays where several are at work. Bytes may
 * be written over as soon as this has returned.
 */
export function verifyInBackground(
  key: VerifyKey,
  message: Uint8Array,
  signature: Uint8Array,
): MaybePromise<boolean> {
  return key.acceptsInBackground(message, signature);
}

function isAcceptable(signature: Uint8Array): boolean {
  return signature.length === SIGNATURE_BYTES && !isSmallOrder(signature);
}
