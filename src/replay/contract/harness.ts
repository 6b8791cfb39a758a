import type { MaybePromise } from "../../lib/maybe-promise.js";
import type { ReplayStore } from "../types.js";

/** How the contract opens a store and moves its time. One harness serves all cases, one after another. */
export interface ReplayStoreHarness {
  /**
   * Opens a store that remembers nothing. The case closes it. Its clock, if it takes one, is {@link now}.
   *
   * @param limits - Given by the cases for stores with limits only; all others take the store's defaults.
   */
  open(limits: { readonly capacity?: number; readonly perSignerShare?: number }): MaybePromise<ReplayStore>;
  /** Opens what {@link open} gave last once more, as another process would. For stores that can be shared. */
  readonly openAgain?: () => MaybePromise<ReplayStore>;
  /** The time by which the store judges, in milliseconds since the Unix epoch. */
  now(): number;
  /** Lets time pass: moves a pinned clock, or waits. `ms` is positive. */
  advance(ms: number): MaybePromise<void>;
  /** Whether time stands still unless it is moved. Only then can the very edge of an expiry be tested. Default is `true`. */
  readonly pinned?: boolean;
  /** How much longer than it must the store may remember a nonce, in milliseconds. */
  readonly keptLongerMs: number;
  /**
   * Whether the store has a capacity, and a share for each signer, and takes both from {@link open}; `"share"` for a store that has a
   * share for each signer only.
   */
  readonly limited: boolean | "share";
  /** Whether the store has `charge` and `refund`. Default is `false`. */
  readonly counts?: boolean;
}

/** One case of the contract. Rejects with an `AssertionError` when the store does not hold it. */
export interface ReplayStoreCase {
  /** What is expected, as a sentence about the store. */
  readonly name: string;
  run(): Promise<void>;
}
