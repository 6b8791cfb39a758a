import assert from "node:assert/strict";
import type { PublicKeyText } from "../../crypto/key-text.js";
import type { ReplayStoreCase, ReplayStoreHarness } from "./harness.js";
import { ALICE, BOB, LIFE_MS, assertRefused, storeCase } from "./claimer.js";

const capacity = 40;
const perSignerShare = 15;
const limits = { capacity, perSignerShare };
const numbers = Array.from({ length: capacity }, (_, index) => index);

function keyOf(index: number): PublicKeyText {
  return `ed25519:${index % 4}`;
}

/** Full means refuse: a live nonce is never dropped to make room. */
export function capacityCases(harness: ReplayStoreHarness): ReplayStoreCase[] {
  return [
    storeCase(harness, "refuses when it is full, and drops nothing for it", limits, async ({ claim }) => {
      for (const index of numbers) assert.equal(await claim(`n${index}`, { key: keyOf(index) }), "claimed");
      for (const index of numbers) await assertRefused(claim(`more ${index}`, { key: BOB }), "replay_full");
      for (const index of numbers) assert.equal(await claim(`n${index}`, { key: keyOf(index) }), "replayed");
    }),
    storeCase(harness, "has room again once nonces expired", limits, async ({ claim }) => {
      for (const index of numbers) assert.equal(await claim(`n${index}`, { key: keyOf(index) }), "claimed");
      await assertRefused(claim("refused", { key: BOB }), "replay_full");
      await harness.advance(LIFE_MS + harness.keptLongerMs + 1);
      assert.equal(await claim("refused", { key: BOB }), "claimed", "a refused claim burns nothing");
      for (const index of numbers.slice(1)) {
        assert.equal(await claim(`again ${index}`, { key: keyOf(index) }), "claimed");
      }
      await assertRefused(claim("again too many", { key: ALICE }), "replay_full");
    }),
  ];
}

/** A signer that has its share is refused, and touches no other. */
export function shareCases(harness: ReplayStoreHarness): ReplayStoreCase[] {
  return [
    storeCase(
      harness,
      "keeps a signer that has its share from the room of others",
      limits,
      async ({ claim }) => {
        const share = numbers.slice(0, perSignerShare);
        for (const index of share) assert.equal(await claim(`n${index}`, { key: ALICE }), "claimed");
        await assertRefused(claim("one more", { key: ALICE }), "replay_full");
        for (const index of share) assert.equal(await claim(`n${index}`, { key: BOB }), "claimed");
        await assertRefused(claim("one more", { key: BOB }), "replay_full");
        assert.equal(await claim("one more", { key: keyOf(0) }), "claimed", "a third signer");
        for (const index of share) assert.equal(await claim(`n${index}`, { key: ALICE }), "replayed");
      },
    ),
    storeCase(harness, "gives a signer its share back once its nonces expired", limits, async ({ claim }) => {
      const share = numbers.slice(0, perSignerShare);
      for (const round of [1, 2, 3]) {
        for (const index of share)
          assert.equal(await claim(`n${index}`, { key: ALICE }), "claimed", `round ${round}`);
        await assertRefused(claim("one more", { key: ALICE }), "replay_full");
        await harness.advance(LIFE_MS + harness.keptLongerMs + 1);
      }
    }),
  ];
}
