import assert from "node:assert/strict";
import { OptionError } from "../../errors.js";
import type { Charge, ChargeOutcome } from "../counters/charge.js";
import type { ReplayStore } from "../types.js";
import { assertRefused, storeCase } from "./claimer.js";
import type { ReplayStoreCase, ReplayStoreHarness } from "./harness.js";

/** Length of the windows of most cases, in milliseconds: short, since some stores have to wait it out. */
const WINDOW_MS = 2000;
const AT_ONCE = 64;

const NO_CHARGES: readonly unknown[] = [
  [],
  "a",
  [{ id: "", max: 1, windowMs: 1 }],
  [{ id: "with a space", max: 1, windowMs: 1 }],
  [{ id: "x".repeat(1025), max: 1, windowMs: 1 }],
  [{ id: "a", max: -1, windowMs: 1 }],
  [{ id: "a", max: 0.5, windowMs: 1 }],
  [{ id: "a", max: 1, windowMs: 0 }],
  [{ id: "a", max: 1, windowMs: Number.NaN }],
  [{ id: "a", max: 1, expiresAtMs: -1 }],
  [{ id: "a", max: 1 }],
  [
    { id: "a", max: 1, windowMs: 1 },
    { id: "a", max: 1, windowMs: 1 },
  ],
];

/** Rates and budgets: never more than `max`, whoever counts, and nothing for what did not run. */
export function counterCases(harness: ReplayStoreHarness): ReplayStoreCase[] {
  const rate = (id: string, max: number, windowMs = WINDOW_MS): Charge => ({ id, max, windowMs });
  const budget = (id: string, max: number, lifeMs = 600_000): Charge => ({
    id,
    max,
    expiresAtMs: harness.now() + lifeMs,
  });
  const counterCase = (name: string, body: (on: Counting) => Promise<void>): ReplayStoreCase =>
    storeCase(harness, name, {}, ({ store }) => body(countingOn(store)));
  const cases = [
    counterCase("lets as many calls through as a rate allows, and none more", async ({ charge }) => {
      for (let call = 0; call < 5; call++) assert.equal(await charge(rate("r", 5)), "charged");
      assert.deepEqual(await charge(rate("r", 5)), { exhausted: "r" });
      assert.deepEqual(await charge(rate("r", 5)), { exhausted: "r" }, "what was refused costs nothing");
      assert.equal(await charge(rate("another", 5)), "charged");
      assert.equal(await charge(rate("r", 6)), "charged", "with more room");
      assert.deepEqual(await charge(rate("r", 0)), { exhausted: "r" });
    }),
    counterCase("has room for a call again when the window has gone past one", async ({ charge }) => {
      assert.equal(await charge(rate("r", 2)), "charged");
      await harness.advance(WINDOW_MS / 2);
      assert.equal(await charge(rate("r", 2)), "charged");
      assert.deepEqual(await charge(rate("r", 2)), { exhausted: "r" });
      await harness.advance(WINDOW_MS / 2 + 1);
      assert.equal(await charge(rate("r", 2)), "charged", "the first is out of the window");
      assert.deepEqual(await charge(rate("r", 2)), { exhausted: "r" }, "the second is not");
    }),
    counterCase("lets no more than `max` through at once", async ({ charge }) => {
      const outcomes = await Promise.all(
        Array.from({ length: AT_ONCE }, () => charge(rate("r", 10, 600_000))),
      );
      assert.equal(outcomes.filter((outcome) => outcome === "charged").length, 10);
    }),
    counterCase("counts many more calls than it keeps apart", async ({ charge }) => {
      for (let call = 0; call < 200; call++) {
        assert.equal(await charge(rate("r", 200, 600_000)), "charged", `call ${call}`);
        if (harness.pinned !== false) await harness.advance(100);
      }
      assert.deepEqual(await charge(rate("r", 200, 600_000)), { exhausted: "r" });
    }),
    counterCase("counts on all counters that are named, or on none", async ({ charge }) => {
      const both = [rate("wide", 3), budget("narrow", 1)];
      assert.equal(await charge(...both), "charged");
      assert.deepEqual(await charge(...both), { exhausted: "narrow" });
      assert.equal(await charge(rate("wide", 3)), "charged");
      assert.equal(await charge(rate("wide", 3)), "charged", "the refused call was not counted");
      assert.deepEqual(await charge(rate("wide", 3)), { exhausted: "wide" });
    }),
    counterCase("takes back what was counted for a call that did not run", async ({ charge, refund }) => {
      const both = [rate("r", 2), budget("b", 2)];
      assert.equal(await charge(...both), "charged");
      assert.equal(await charge(...both), "charged");
      await refund(...both);
      assert.equal(await charge(...both), "charged");
      assert.deepEqual(await charge(rate("r", 2)), { exhausted: "r" });
      assert.deepEqual(await charge(budget("b", 2)), { exhausted: "b" });
      await refund(rate("never", 1));
      assert.equal(await charge(rate("never", 1)), "charged");
      assert.deepEqual(await charge(rate("never", 1)), { exhausted: "never" });
    }),
    counterCase("lets a budget have its calls once, however long that takes", async ({ charge }) => {
      const calls = budget("b", 2);
      assert.equal(await charge(calls), "charged");
      await harness.advance(WINDOW_MS);
      assert.equal(await charge(calls), "charged");
      await harness.advance(WINDOW_MS);
      assert.deepEqual(await charge(calls), { exhausted: "b" });
    }),
    counterCase("has no room on a budget that has ended", async ({ charge }) => {
      const short = budget("b", 5, WINDOW_MS);
      assert.equal(await charge(short), "charged");
      await harness.advance(WINDOW_MS + harness.keptLongerMs + 1);
      assert.deepEqual(await charge(short), { exhausted: "b" });
    }),
    counterCase("refuses charges that are none, and counts nothing by it", async ({ charge, chargeRaw }) => {
      for (const charges of NO_CHARGES) {
        await assert.rejects(chargeRaw(charges), (error) => {
          assert.ok(error instanceof OptionError, `expected an OptionError, got ${String(error)}`);
          return true;
        });
      }
      assert.equal(await charge(rate("a", 1)), "charged");
    }),
    storeCase(harness, "refuses every charge once it is closed", {}, async ({ store }) => {
      const { charge, refund } = countingOn(store);
      await store.close?.();
      await assertRefused(charge(rate("r", 1)), "replay_unavailable");
      await assertRefused(refund(rate("r", 1)), "replay_unavailable");
    }),
  ];
  const { openAgain } = harness;
  if (openAgain === undefined) return cases;
  return [
    ...cases,
    counterCase("counts what is charged through several handles", async ({ charge }) => {
      const other = await openAgain();
      try {
        const chargeOther = countingOn(other).charge;
        const outcomes = await Promise.all(
          Array.from({ length: AT_ONCE }, (_, index) =>
            (index % 2 === 0 ? charge : chargeOther)(rate("r", 10, 600_000), budget("b", 60)),
          ),
        );
        assert.equal(outcomes.filter((outcome) => outcome === "charged").length, 10);
      } finally {
        await other.close?.();
      }
      assert.deepEqual(await charge(rate("r", 10, 600_000)), { exhausted: "r" });
    }),
  ];
}

interface Counting {
  readonly charge: (...charges: readonly Charge[]) => Promise<ChargeOutcome>;
  readonly chargeRaw: (charges: unknown) => Promise<unknown>;
  readonly refund: (...charges: readonly Charge[]) => Promise<void>;
}

function countingOn(store: ReplayStore): Counting {
  assert.ok(store.charge !== undefined && store.refund !== undefined, "the store counts");
  const charge = store.charge.bind(store);
  const refund = store.refund.bind(store);
  return {
    charge: async (...charges) => await charge(charges),
    chargeRaw: async (charges) => {
      const outcome: unknown = await Reflect.apply(charge, undefined, [charges]);
      return outcome;
    },
    refund: async (...charges) => {
      await refund(charges);
    },
  };
}
