import type { PublicKeyText } from "../../src/crypto/key-text.js";
import type { ReplayStoreHarness } from "../../src/replay/contract.js";
import type { ReplayStore } from "../../src/replay/types.js";

export const START: number = Date.UTC(2026, 2, 1, 12);
export const ALICE: PublicKeyText = "ed25519:alice";
export const BOB: PublicKeyText = "ed25519:bob";

/** A clock that stands still until a test moves it. */
export class PinnedClock {
  now: number;

  constructor(now: number = START) {
    this.now = now;
  }

  readonly read = (): number => this.now;
}

type Limits = Parameters<ReplayStoreHarness["open"]>[0];

/** A contract harness for a store in memory, whose clock is pinned. */
export function pinnedHarness(
  open: (clock: () => number, limits: Limits) => ReplayStore,
  rest: Pick<ReplayStoreHarness, "keptLongerMs" | "limited" | "counts">,
): ReplayStoreHarness {
  const clock = new PinnedClock();
  return {
    open: (limits) => open(clock.read, limits),
    now: clock.read,
    advance: (ms) => {
      clock.now += ms;
    },
    ...rest,
  };
}

/** What a claim came to, or the code of the error it threw. */
export function outcomeOf(claim: () => unknown): unknown {
  try {
    return claim();
  } catch (error) {
    if (error instanceof Error && "code" in error) return error.code;
    throw error;
  }
}
