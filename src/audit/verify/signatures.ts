import { verifySignature } from "../../crypto/ed25519.js";
import type { VerifyKey } from "../../crypto/ed25519.js";
import { bytesOf } from "../../crypto/key-text.js";
import type { SignatureText } from "../../crypto/key-text.js";

/** A signature that is to be checked. Its text is a part of the arena. */
interface Deferred {
  readonly key: VerifyKey;
  readonly from: number;
  readonly to: number;
  readonly signature: Uint8Array;
}

/** Bytes of texts that are put off. What does not fit is checked at once. */
const ARENA_BYTES = 256 * 1024;

/**
 * Checks signatures, many in a row where it can: between parsing and hashing each takes a tenth longer, because the
 * processor has forgotten the code.
 */
export class Signatures {
  readonly #arena = Buffer.allocUnsafeSlow(ARENA_BYTES);
  #end = 0;
  #deferred: Deferred[] | undefined;

  /**
   * Tells whether a signature holds. Within {@link inARow} it may answer that it does, before it knows.
   *
   * @param sig - Of a parsed receipt.
   */
  holds(key: VerifyKey | undefined, text: Uint8Array, sig: SignatureText): boolean {
    if (key === undefined) return false;
    const signature = bytesOf(sig);
    const from = this.#end;
    const to = from + text.length;
    if (this.#deferred === undefined || to > ARENA_BYTES) return verifySignature(key, text, signature);
    this.#arena.set(text, from);
    this.#end = to;
    this.#deferred.push({ key, from, to, signature });
    return true;
  }

  /** Tells whether a signature holds that may well not. */
  holdsNow(key: VerifyKey | undefined, text: Uint8Array, sig: SignatureText): boolean {
    return key !== undefined && verifySignature(key, text, bytesOf(sig));
  }

  /**
   * Does work as if all signatures held, then checks them in a row. Where one does not, the work is done again, with each
   * checked as it comes.
   *
   * @param forget - Forgets what the work has remembered.
   */
  inARow<Result>(work: () => Result, forget: () => void): Result {
    this.#deferred = [];
    const result = work();
    const hold = this.#deferred.every(({ key, from, to, signature }) =>
      verifySignature(key, this.#arena.subarray(from, to), signature),
    );
    this.#deferred = undefined;
    this.#end = 0;
    if (hold) return result;
    forget();
    return work();
  }
}
