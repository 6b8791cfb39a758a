import { checkPublicKey } from "../crypto/key-check.js";
import type { PublicKeyFault } from "../crypto/key-check.js";
import { importVerifyKey } from "../crypto/ed25519.js";
import type { VerifyKey } from "../crypto/ed25519.js";
import { parsePublicKeyText } from "../crypto/key-text.js";

/** A key that was looked at: ready to verify with, or what is wrong with it. */
export type CheckedKey = { readonly key: VerifyKey } | { readonly fault: PublicKeyFault };

/**
 * The keys that were used so far, checked and imported. A key is checked for being on the curve once, at its first use:
 * that takes 0.7 ms, and a registry may hold 100,000 of them.
 */
export class KeyRing {
  readonly #keys = new Map<string, CheckedKey>();

  /** @param pubkey - Text of a key that a registry lists. */
  use(pubkey: string): CheckedKey {
    const known = this.#keys.get(pubkey);
    if (known !== undefined) return known;
    const checked = checkKey(pubkey);
    this.#keys.set(pubkey, checked);
    return checked;
  }

  /** Takes over what another ring knows of a key: the next version of a registry does not check it again. */
  carryOver(pubkey: string, from: KeyRing): void {
    const known = from.#keys.get(pubkey);
    if (known !== undefined) this.#keys.set(pubkey, known);
  }
}

function checkKey(pubkey: string): CheckedKey {
  const bytes = parsePublicKeyText(pubkey);
  if (bytes === undefined) return { fault: "length" };
  const fault = checkPublicKey(bytes);
  return fault === undefined ? { key: importVerifyKey(bytes) } : { fault };
}
