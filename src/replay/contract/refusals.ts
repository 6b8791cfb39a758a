import assert from "node:assert/strict";
import { OptionError } from "../../errors.js";
import type { ReplayStoreCase, ReplayStoreHarness } from "./harness.js";
import type { ReplayStore } from "../types.js";
import { ALICE, LIFE_MS, assertRefused, storeCase } from "./claimer.js";

const NO_TIMES = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, 0.5, 2 ** 53];

/** What a store must refuse rather than guess. */
export function refusalCases(harness: ReplayStoreHarness): ReplayStoreCase[] {
  return [
    storeCase(
      harness,
      "refuses times that are none, and burns nothing by it",
      {},
      async ({ claim, store }) => {
        const now = harness.now();
        for (const time of NO_TIMES) {
          await assertInvalid(claimRaw(store, time, now));
          await assertInvalid(claimRaw(store, now + LIFE_MS, time));
        }
        assert.equal(await claim("n"), "claimed");
      },
    ),
    storeCase(
      harness,
      "refuses receipts from before it began to remember, if it says when",
      {},
      async ({ store }) => {
        const { startedAtMs } = store;
        if (startedAtMs === undefined) return;
        const start = Math.ceil(startedAtMs);
        await assertRefused(claimRaw(store, harness.now() + LIFE_MS, start - 1), "issued_before_start");
        assert.equal(await claimRaw(store, harness.now() + LIFE_MS, start), "claimed");
        await assertRefused(claimRaw(store, harness.now() + LIFE_MS, start - 1), "issued_before_start");
      },
    ),
    storeCase(harness, "refuses every claim once it is closed", {}, async ({ claim, store }) => {
      if (store.close === undefined) return;
      assert.equal(await claim("n"), "claimed");
      await store.close();
      await assertRefused(claim("n"), "replay_unavailable");
      await assertRefused(claim("another"), "replay_unavailable");
      if (store.health !== undefined) assert.equal(store.health().ready, false);
      await store.close();
    }),
  ];
}

async function claimRaw(store: ReplayStore, expiresAtMs: number, issuedAtMs: number): Promise<unknown> {
  return await store.claim(ALICE, "n", expiresAtMs, issuedAtMs);
}

async function assertInvalid(claim: Promise<unknown>): Promise<void> {
  await assert.rejects(claim, (error) => {
    assert.ok(error instanceof OptionError, `expected an OptionError, got ${String(error)}`);
    assert.equal(error.code, "invalid_option");
    return true;
  });
}
