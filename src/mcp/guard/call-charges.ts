import { hash } from "node:crypto";
import type { Charge } from "../../replay/counters/charge.js";
import type { TrustEntry } from "../../trust/types.js";

/**
 * Makes what a call of an entry with `limits` is charged to: a counter of the key at these targets. Replicas of a server have the
 * same targets, so they count together; another server on the same store has others, and limits of its own.
 */
export function createChargesOf(targets: readonly string[]): (entry: TrustEntry) => readonly Charge[] {
  const place = hash("sha256", JSON.stringify([...targets].sort()), "base64url").slice(0, 22);
  return ({ pubkey, limits }) => {
    if (limits === undefined) return NONE;
    const { maxCalls, windowMs } = limits;
    return [{ id: `rate:${place}:${windowMs}:${pubkey}`, max: maxCalls, windowMs }];
  };
}

const NONE: readonly Charge[] = [];
