import { integerOption } from "../lib/option.js";
import type { OptionRecord } from "../lib/option.js";

/** How many nonces a store holds, and how many of these may be one signer's. */
export interface Capacity {
  readonly capacity: number;
  readonly perSignerShare: number;
}

const DEFAULT_CAPACITY = 1_000_000;

/**
 * Reads the options `capacity` and `perSignerShare`.
 *
 * @throws `OptionError` for one that is of the wrong type or out of range.
 */
export function capacityOptions(options: OptionRecord, path: string, maxCapacity: number): Capacity {
  const capacity = integerOption(options, path, "capacity", {
    min: 1,
    max: maxCapacity,
    fallback: DEFAULT_CAPACITY,
  });
  const half = Math.ceil(capacity / 2);
  const perSignerShare = integerOption(options, path, "perSignerShare", {
    min: 1,
    max: capacity,
    fallback: half,
  });
  return { capacity, perSignerShare };
}
