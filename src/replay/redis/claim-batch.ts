import type { ReplayStoreError } from "../../errors.js";
import type { ClaimOutcome } from "../types.js";
import { clocksApart } from "../clock-distance.js";
import { claimFault, refuse } from "./faults.js";

/** A claim that waits for its answer. */
export interface PendingClaim {
  readonly countKey: string;
  readonly nonceKey: string;
  /** Span in which the nonce expires on the server. */
  readonly span: number;
  readonly expiresAtMs: number;
  readonly issuedAtMs: number;
  readonly resolve: (outcome: ClaimOutcome) => void;
  readonly reject: (error: ReplayStoreError) => void;
}

/** What a claim script is run with, and the claims in the order of its answers. */
export interface ClaimBatch {
  readonly keys: readonly string[];
  readonly args: readonly string[];
  readonly claims: readonly PendingClaim[];
}

/** Puts claims of one bucket together, those of a signer beside each other. */
export function makeBatch(head: string, hostNowMs: number, pending: readonly PendingClaim[]): ClaimBatch {
  const keys = [head];
  const args = [String(hostNowMs)];
  const claims: PendingClaim[] = [];
  for (const group of groupsOf(pending)) {
    const [first] = group;
    if (first === undefined) continue;
    keys.push(first.countKey);
    args.push(String(group.length), String(first.span));
    for (const claim of group) {
      keys.push(claim.nonceKey);
      args.push(String(claim.expiresAtMs), String(claim.issuedAtMs));
      claims.push(claim);
    }
  }
  return { keys, args, claims };
}

/**
 * Settles the claims of a batch with the script's reply.
 *
 * @returns what the server could not do, if anything.
 * @throws `ReplayStoreError` for a reply that settles none of them.
 */
export function settleBatch(reply: string, claims: readonly PendingClaim[]): ReplayStoreError | undefined {
  if (reply.startsWith("!")) {
    throw refuse(
      "replay_unavailable",
      `${clocksApart("the Redis server's", Number(reply.slice(1)))}; synchronise both with NTP`,
    );
  }
  const [letters = "", marker, now, ...words] = reply.split(" ");
  if (letters.length !== claims.length)
    throw refuse("replay_unavailable", "the Redis server gave no valid answer");
  const failure = words.join(" ");
  for (const [at, claim] of claims.entries()) {
    const outcome = outcomeOf(letters.charAt(at), claim, { marker, now, failure });
    if (typeof outcome === "string") claim.resolve(outcome);
    else claim.reject(outcome);
  }
  return failure === "" ? undefined : claimFault(failure);
}

interface Refused {
  readonly marker: string | undefined;
  readonly now: string | undefined;
  readonly failure: string;
}

/** The letters are those of the claim script. */
function outcomeOf(letter: string, claim: PendingClaim, refused: Refused): ClaimOutcome | ReplayStoreError {
  switch (letter) {
    case "c":
      return "claimed";
    case "r":
      return "replayed";
    case "b": {
      const beforeMs = Number(refused.marker) - claim.issuedAtMs;
      const when =
        beforeMs > 0
          ? `${beforeMs} ms before this store began to remember, and may have been used before that; sign it again`
          : `${-beforeMs} ms after this store began to remember, which takes nothing that is dated within clockSkewMs of that; sign it again later`;
      return refuse("issued_before_start", `signed ${when}`);
    }
    case "a": {
      const aheadMs = claim.issuedAtMs - Number(refused.now);
      return refuse(
        "replay_unavailable",
        `signed ${aheadMs} ms ahead of the Redis server's clock; synchronise the clocks with NTP`,
      );
    }
    case "f":
      return refuse("replay_full", "the signer has as many live nonces as perSignerShare allows");
    case "e":
      return claimFault(refused.failure);
    default:
      return refuse("replay_unavailable", "the Redis server gave no valid answer");
  }
}

/** Groups claims by signer and span. */
function groupsOf(pending: readonly PendingClaim[]): Iterable<readonly PendingClaim[]> {
  if (pending.length === 1) return [pending];
  const groups = new Map<string, PendingClaim[]>();
  for (const claim of pending) {
    const id = `${claim.span} ${claim.countKey}`;
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [claim]);
    else group.push(claim);
  }
  return groups.values();
}
