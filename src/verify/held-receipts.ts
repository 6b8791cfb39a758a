import type { ReceiptV1 } from "../receipt/types.js";

/**
 * The receipts that wait until their time. None of them has claimed its nonce yet: copies would all wait as well, and each
 * takes the place of a call.
 */
export class HeldReceipts {
  readonly #held = new Set<string>();

  /** Notes that a receipt waits. @returns `false` if one of the same signer and nonce does already. */
  add(receipt: ReceiptV1): boolean {
    const name = nameOf(receipt);
    if (this.#held.has(name)) return false;
    this.#held.add(name);
    return true;
  }

  delete(receipt: ReceiptV1): void {
    this.#held.delete(nameOf(receipt));
  }
}

/** A key has a fixed length: no key and nonce can be read as another key and nonce. */
function nameOf({ signer, nonce }: ReceiptV1): string {
  return signer.pubkey + nonce;
}
