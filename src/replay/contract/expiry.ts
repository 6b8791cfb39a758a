import assert from "node:assert/strict";
import type { ReplayStoreCase, ReplayStoreHarness } from "./harness.js";
import type { Claimer } from "./claimer.js";
import { BOB, LIFE_MS, storeCase } from "./claimer.js";

/** A nonce is remembered for as long as it must be, and not for ever. */
export function expiryCases(harness: ReplayStoreHarness): ReplayStoreCase[] {
  const long = LIFE_MS * 100;
  const cases = [
    storeCase(
      harness,
      "remembers a nonce for its whole life, whatever is claimed meanwhile",
      {},
      async ({ claim }) => {
        assert.equal(await claim("n", { lifeMs: long }), "claimed");
        for (let step = 0; step < 4; step++) {
          assert.equal(await claim(`other ${step}`, { key: BOB }), "claimed");
          await harness.advance(LIFE_MS / 4);
          assert.equal(await claim("n", { lifeMs: long }), "replayed");
        }
      },
    ),
    storeCase(harness, "forgets a nonce some time after it expired", {}, async ({ claim }) => {
      assert.equal(await claim("n"), "claimed");
      await harness.advance(LIFE_MS + harness.keptLongerMs + 1);
      assert.equal(await claim("n"), "claimed");
      assert.equal(await claim("n"), "replayed");
    }),
    storeCase(
      harness,
      "does not forget a long-lived nonce together with a short-lived one",
      {},
      async ({ claim }) => {
        const lives = [long, LIFE_MS, long * 2, LIFE_MS / 2];
        for (const lifeMs of lives) assert.equal(await claim(`lives ${lifeMs}`, { lifeMs }), "claimed");
        await harness.advance(LIFE_MS + harness.keptLongerMs + 1);
        assert.equal(await claim(`lives ${LIFE_MS}`), "claimed");
        for (const lifeMs of [long, long * 2]) assert.equal(await claim(`lives ${lifeMs}`), "replayed");
      },
    ),
  ];
  if (harness.pinned === false) return cases;
  return [
    ...cases,
    storeCase(harness, "still remembers a nonce at the very instant of its expiry", {}, ({ claim }) => {
      return claimUpToTheEdge(harness, claim);
    }),
  ];
}

/** From many starts, since a store may count time in coarser steps than milliseconds. */
async function claimUpToTheEdge(harness: ReplayStoreHarness, claim: Claimer["claim"]): Promise<void> {
  for (let start = 0; start < 64; start++) {
    const nonce = `nonce ${start}`;
    assert.equal(await claim(nonce), "claimed");
    await harness.advance(LIFE_MS - 1);
    assert.equal(await claim(nonce), "replayed", "one millisecond before");
    await harness.advance(1);
    assert.equal(await claim(nonce), "replayed", "at the instant");
    await harness.advance(97);
  }
}
