import * as fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { CounterTable } from "../../../src/replay/counters/counter-table.js";
import { chargeCounter, refundCounter } from "../../../src/replay/counters/counter.js";
import type { Counter } from "../../../src/replay/counters/counter.js";
import { EXACT_GROUPS } from "../../../src/replay/counters/window.js";
import type { Charge } from "../../../src/replay/counters/charge.js";
import type { PostgresReplayStore } from "../../../src/replay/postgres/index.js";
import { isInstalled, NEEDS_SERVER, pinDatabaseClock, setDatabaseClock, Stand } from "./support/stand.js";

const WINDOWS = [1, 640, 10_000, 1_000_000];

let stand: Stand;

describe.skipIf(!isInstalled)(`counters of the PostgreSQL store ${NEEDS_SERVER}`, () => {
  let store: PostgresReplayStore;
  let setTime: (now: number) => Promise<void>;
  let now = Date.now() + 1_000_000;
  let run = 0;

  beforeAll(async () => {
    stand = await Stand.start();
  });
  afterEach(() => stand.clear());
  afterAll(() => stand.stop());

  const open = async (): Promise<void> => {
    const pool = stand.pool();
    const schema = await stand.migrate(pool);
    await pinDatabaseClock(pool, schema, now);
    setTime = (time) => setDatabaseClock(pool, schema, time);
    store = await stand.open(schema, { clock: () => now }, pool);
  };

  it("count exactly as those in memory do", async () => {
    await open();
    const charge = (start: number): fc.Arbitrary<Charge> =>
      fc.oneof(
        fc
          .record({ which: fc.nat(3), max: fc.integer({ min: 0, max: 6 }) })
          .map(({ which, max }) => ({ id: `${run}/rate${which}`, max, windowMs: WINDOWS[which] ?? 1 })),
        fc.record({ which: fc.nat(2), max: fc.integer({ min: 0, max: 6 }) }).map(({ which, max }) => ({
          id: `${run}/budget${which}`,
          max,
          expiresAtMs: start + which * 20_000,
        })),
      );
    const step = fc.record({
      advanceMs: fc.oneof(fc.constant(0), fc.nat(3), fc.nat(700), fc.nat(15_000)),
      isRefund: fc.integer({ min: 0, max: 4 }).map((die) => die === 0),
      charges: fc.uniqueArray(charge(now), { selector: ({ id }) => id, minLength: 1, maxLength: 4 }),
    });
    const property = fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      run++;
      const reference = new CounterTable();
      for (const { advanceMs, isRefund, charges } of steps) {
        now += advanceMs;
        await setTime(now);
        const own = charges.map((one) => ({ ...one, id: `${run}/${one.id}` }));
        if (isRefund) {
          reference.refund(own, now);
          await store.refund(own);
        } else {
          expect(await store.charge(own)).toEqual(reference.charge(own, now));
        }
      }
    });
    await fc.assert(property, { numRuns: 60 });
  });

  it("count exactly as those in memory do when calls are many, and their times are kept together", async () => {
    await open();
    const windowMs = 64_000;
    const reference = new CounterTable();
    let seed = 1;
    for (let call = 0; call < 600; call++) {
      seed = (seed * 48_271) % 2_147_483_647;
      now += seed % 400;
      await setTime(now);
      const charges = [{ id: "many", max: 150, windowMs }];
      if (seed % 11 === 0) {
        reference.refund(charges, now);
        await store.refund(charges);
      }
      expect(await store.charge(charges)).toEqual(reference.charge(charges, now));
    }
  });

  it("are kept exactly as those in memory are, whatever the times", async () => {
    const pool = stand.pool();
    const schema = await stand.migrate(pool);
    const windowMs = 6400;
    let counter: Counter | undefined;
    let seed = 7;
    for (let call = 0; call < 1500; call++) {
      seed = (seed * 48_271) % 2_147_483_647;
      const base = call * 40;
      const time = base + (seed % 97) - (seed % 13 === 0 ? 300 : 0);
      const charge = { id: "r", max: 160, windowMs };
      const groups = counter?.groups.flat() ?? [];
      const isRefund = seed % 17 === 0;
      const name = isRefund ? "take_back_call" : "count_call";
      const rest = isRefund ? `${time}, ${windowMs}` : `${time}, ${charge.max}, ${windowMs}, 0`;
      const { rows } = await pool.query(
        `SELECT ${schema}.signet_replay_${name}('{${groups.join(",")}}', ${rest})::text[] AS groups`,
      );
      const after = isRefund
        ? counter && refundCounter(counter, charge, time)
        : chargeCounter(counter, charge, time);
      const kept = isRefund ? (after?.groups.flat() ?? []) : (after?.groups.flat() ?? null);
      expect(rows[0].groups?.map(Number) ?? null).toEqual(kept);
      counter = after ?? counter;
    }
    expect(counter?.groups.length).toBeGreaterThanOrEqual(EXACT_GROUPS);
  });

  it("do not forget calls when the database's clock is set back", async () => {
    await open();
    const charges = [{ id: "r", max: 2, windowMs: 10_000 }];
    const start = now;
    expect(await store.charge(charges)).toBe("charged");
    await setTime(start - 5000);
    expect(await store.charge(charges)).toBe("charged");
    expect(await store.charge(charges)).toEqual({ exhausted: "r" });
    await setTime(start + 9999);
    expect(await store.charge(charges)).toEqual({ exhausted: "r" });
    await setTime(start + 10_000);
    expect(await store.charge(charges)).toBe("charged");
  });

  it("are charged in one list after another, also when many are charged at once", async () => {
    const { store: first, schema } = await stand.fresh();
    const second = await stand.open(schema);
    const all = Array.from({ length: 400 }, (_, index) => {
      const shared = { id: "shared", max: 100, windowMs: 600_000 };
      const own = { id: `own ${index % 7}`.replace(" ", "-"), max: 20, windowMs: 600_000 };
      return (index % 2 === 0 ? first : second).charge(index % 3 === 0 ? [own, shared] : [shared, own]);
    });
    const outcomes = await Promise.all(all);
    const charged = outcomes.filter((one) => one === "charged").length;
    expect(charged).toBe(100);
    // All that was counted can be taken back, and no more: what was refused was counted nowhere.
    for (let call = 0; call < 100; call++)
      await first.refund([{ id: "shared", max: 100, windowMs: 600_000 }]);
    const again = await Promise.all(
      Array.from({ length: 101 }, () => second.charge([{ id: "shared", max: 100, windowMs: 600_000 }])),
    );
    expect(again.filter((one) => one === "charged")).toHaveLength(100);
  });
});
