import assert from "node:assert/strict";
import type { ReplayStoreCase, ReplayStoreHarness } from "./harness.js";
import type { ClaimOutcome } from "../types.js";
import { LIFE_MS, storeCase } from "./claimer.js";

/** Long enough for a slow store to answer all claims of a case before the first nonce expires. */
const LONG_LIFE_MS = 60_000;
const NONCES = 1000;
const CLAIMS_OF_EACH = 8;

/** One winner for each nonce. */
export function atomicCases(harness: ReplayStoreHarness): ReplayStoreCase[] {
  const cases = [
    storeCase(harness, "takes a nonce once, and calls every later claim a replay", {}, async ({ claim }) => {
      assert.equal(await claim("n"), "claimed");
      assert.equal(await claim("n"), "replayed");
      assert.equal(await claim("n", { lifeMs: LIFE_MS * 2 }), "replayed", "with a later expiry");
      assert.equal(await claim("n", { lifeMs: LIFE_MS / 2 }), "replayed", "with an earlier expiry");
    }),
    storeCase(
      harness,
      "has one winner among concurrent claims of each of 1,000 nonces",
      {},
      async ({ claim }) => {
        assertOneWinnerEach(await claimAllAtOnce((nonce) => claim(nonce, { lifeMs: LONG_LIFE_MS })));
      },
    ),
  ];
  const { openAgain } = harness;
  if (openAgain === undefined) return cases;
  return [
    ...cases,
    storeCase(
      harness,
      "has one winner among claims through several handles",
      {},
      async ({ claim, store }) => {
        const other = await openAgain();
        try {
          const handles = [store, other];
          let turn = 0;
          const claimByTurns = (nonce: string): Promise<ClaimOutcome> => {
            const handle = handles[turn++ % handles.length] ?? store;
            return claim(nonce, { lifeMs: LONG_LIFE_MS, store: handle });
          };
          assertOneWinnerEach(await claimAllAtOnce(claimByTurns));
        } finally {
          await other.close?.();
        }
        assert.equal(await claim("after the other handle was closed"), "claimed");
      },
    ),
  ];
}

/** Claims each nonce several times: the copies of one nonce together, then all first copies apart from all last ones. */
async function claimAllAtOnce(
  claim: (nonce: string) => Promise<ClaimOutcome>,
): Promise<Map<string, readonly ClaimOutcome[]>> {
  const nonces = Array.from({ length: NONCES }, (_, index) => `nonce ${index}`);
  const claimCopies = async (nonce: string): Promise<ClaimOutcome[]> => {
    return await Promise.all(Array.from({ length: CLAIMS_OF_EACH / 2 }, () => claim(nonce)));
  };
  const [early, late] = await Promise.all([
    Promise.all(nonces.map(claimCopies)),
    Promise.all(nonces.map(claimCopies)),
  ]);
  return new Map(nonces.map((nonce, index) => [nonce, [...(early[index] ?? []), ...(late[index] ?? [])]]));
}

function assertOneWinnerEach(outcomes: ReadonlyMap<string, readonly ClaimOutcome[]>): void {
  for (const [nonce, of] of outcomes) {
    assert.equal(of.length, CLAIMS_OF_EACH);
    assert.equal(of.filter((outcome) => outcome === "claimed").length, 1, `winners of ${nonce}`);
    assert.equal(
      of.filter((outcome) => outcome === "replayed").length,
      CLAIMS_OF_EACH - 1,
      `losers of ${nonce}`,
    );
  }
}
