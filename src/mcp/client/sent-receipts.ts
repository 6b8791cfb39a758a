import { integerOption, optionRecord } from "../../lib/option.js";
import type { Sha256Text } from "../../crypto/digest.js";

/**
 * Receipts that were sent and are not answered yet. A resumed request posts nothing and so has no receipt of its own:
 * its answer is accepted if it answers one of these, of the same tool, target and arguments: the resumed request has to
 * repeat them. That proves an answer to a call of ours that had none; of two equal calls it does not tell which.
 *
 * A program that resumes requests of an earlier process brings an implementation that keeps them on disk.
 */
export interface SentReceipts {
  /**
   * Keeps a receipt.
   *
   * @param id - The receipt's id.
   * @param digest - Hash of the whole receipt's canonical text.
   */
  add(id: string, digest: Sha256Text): void;
  /** Tells whether this very receipt was sent and not answered. */
  has(id: string, digest: Sha256Text): boolean;
  /** Forgets a receipt: it is answered. */
  delete(id: string): void;
}

/**
 * Keeps sent receipts in memory, about 200 bytes each. When it is full the oldest is forgotten, and a request that
 * was sent with that one can no longer be resumed.
 *
 * @param options - `capacity`: how many are kept, 1 to 1,000,000, default 1,000.
 * @throws `OptionError` for an option of the wrong type or range.
 */
export function createSentReceipts(options: { readonly capacity?: number } = {}): SentReceipts {
  const record = optionRecord(options, "options", ["capacity"]);
  const capacity = integerOption(record, "options", "capacity", { min: 1, max: 1_000_000, fallback: 1000 });
  const digests = new Map<string, Sha256Text>();
  return {
    add(id, digest) {
      digests.set(id, digest);
      for (const oldest of digests.keys()) {
        if (digests.size <= capacity) break;
        digests.delete(oldest);
      }
    },
    has: (id, digest) => digests.get(id) === digest,
    delete(id) {
      digests.delete(id);
    },
  };
}
