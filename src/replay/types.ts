import type { PublicKeyText } from "../crypto/key-text.js";
import type { MaybePromise } from "../lib/maybe-promise.js";
import type { Charge, ChargeOutcome } from "./counters/charge.js";

/** What a claim came to: the nonce was free and is taken now, or it was taken before. */
export type ClaimOutcome = "claimed" | "replayed";

/**
 * Remembers which nonces were used, so that no receipt runs twice.
 *
 * One namespace for a store, whatever the server or target: two servers with overlapping targets must refuse the
 * same receipt. A nonce belongs to its signer: no key can burn another's. To test a store of your own, run the cases
 * of {@link replayStoreContract} over it.
 */
export interface ReplayStore {
  /**
   * Takes a nonce, atomically: of any number of claims of one nonce, at once or one after another, by this process
   * or by another on the same store, exactly one is `"claimed"`.
   *
   * May answer at once or with a promise. A store that answers at once lets the guard pass the call on in the same
   * turn of the event loop.
   *
   * @param key - The signer's public key.
   * @param nonce - The receipt's nonce: 1 to 128 characters of printable ASCII, as the parser lets through.
   * @param expiresAtMs - The last instant, in milliseconds since the Unix epoch, at which the receipt could pass the
   * time window of any server on this store. The nonce is remembered at least until then. A safe integer, 0 or more.
   * @param issuedAtMs - When the receipt says it was signed, in milliseconds since the Unix epoch. A safe integer.
   * @returns `"claimed"` when the nonce was free, and then it is taken; `"replayed"` when it was taken before.
   * @throws `ReplayStoreError`, thrown or as a rejection, when the store cannot know or cannot remember; the call is
   * refused: `replay_full` when no live nonce may be dropped to make room, for all signers or for this one;
   * `issued_before_start` for a receipt from before the store began to remember; `replay_unavailable` for all else.
   * A claim whose answer is lost counts as taken. `OptionError` for a time that is no such number: the caller's mistake.
   */
  claim(
    key: PublicKeyText,
    nonce: string,
    expiresAtMs: number,
    issuedAtMs: number,
  ): MaybePromise<ClaimOutcome>;

  /**
   * Set by a store that forgets everything when its process ends: when it began to remember, in milliseconds since
   * the Unix epoch. It refuses receipts dated before. For such a store the guard holds a receipt dated ahead until its
   * time has come, so that nothing accepted now can be dated after the next start.
   */
  readonly startedAtMs?: number;

  /**
   * Counts a call whose nonce was just claimed, atomically: on all the counters that are named, or, when one of them has no room, on
   * none. A guard whose registry has `limits` needs it.
   *
   * @param charges - 1 to 64, each of another counter.
   * @returns `"charged"`, or which counter has no room.
   * @throws `ReplayStoreError` `replay_unavailable`, thrown or as a rejection, when the store cannot know: the call is refused. A
   * charge whose answer is lost counts as made. `OptionError` for a charge that is none.
   */
  charge?(charges: readonly Charge[]): MaybePromise<ChargeOutcome>;

  /**
   * Takes back what {@link charge} counted just now, for a call that did not run after all. A counter that has nothing stays as it is.
   *
   * @throws as {@link charge}: then the call stays counted.
   */
  refund?(charges: readonly Charge[]): MaybePromise<void>;

  /** Lets go of connections, files and memory. Claims made afterwards are refused with `replay_unavailable`. */
  close?(): Promise<void>;

  /** How the store is, at once and without asking anybody. */
  health?(): ReplayHealth;
}

/** A store that processes share, which answers by promises and counts. */
export interface SharedReplayStore extends ReplayStore {
  claim(key: PublicKeyText, nonce: string, expiresAtMs: number, issuedAtMs: number): Promise<ClaimOutcome>;
  charge(charges: readonly Charge[]): Promise<ChargeOutcome>;
  refund(charges: readonly Charge[]): Promise<void>;
  close(): Promise<void>;
  health(): ReplayHealth;
}

/** How a replay store is. */
export interface ReplayHealth {
  /** Name of the kind of store, such as `memory`. */
  readonly kind: string;
  /** Whether a claim made now would be answered, as far as the store knows. */
  readonly ready: boolean;
  /** Nonces that are remembered and count against the capacity. */
  readonly liveNonces?: number;
  /** How many nonces the store remembers at most. */
  readonly capacity?: number;
  /** How many nonces of one signer it remembers at most. */
  readonly perSignerShare?: number;
  /** What is wrong, in one sentence, and what to do. Absent when nothing is, as far as the store knows. */
  readonly problem?: string;
}
