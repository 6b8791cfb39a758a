import * as fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ALICE, PinnedClock } from "../harness.js";
import { Pinned, STORE_SKEW_MS } from "./support/pinned.js";
import { isInstalled, NEEDS_SERVER, outcome, setDatabaseClock, Stand } from "./support/stand.js";

let stand: Stand;

describe.skipIf(!isInstalled)(
  `claims of the PostgreSQL store, with clocks that differ ${NEEDS_SERVER}`,
  () => {
    beforeAll(async () => {
      stand = await Stand.start();
    });
    afterEach(() => stand.clear());
    afterAll(() => stand.stop());

    it("are never granted twice while a guard could let the receipt through, whatever the clocks and windows", async () => {
      const windows = [20_000, 90_000, 300_000];
      const opened = await Pinned.open(stand, { storeClockSkewMs: STORE_SKEW_MS });
      const hosts = await Promise.all(
        windows.map(async (windowMs) => {
          const clock = new PinnedClock(opened.host.now);
          return { windowMs, clock, store: await opened.another(clock, { clockSkewMs: 30_000 }) };
        }),
      );
      let databaseMs = opened.host.now + 1_000_000;
      let run = 0;
      const offset = fc.integer({ min: -STORE_SKEW_MS, max: STORE_SKEW_MS });
      const step = fc.oneof(
        fc.record({ advanceMs: fc.integer({ min: 1, max: 60_000 }) }),
        fc.record({ host: fc.nat(2), nonce: fc.nat(3) }),
        fc.record({ host: fc.nat(2), nonce: fc.nat(3) }),
        fc.record({ clean: fc.constant(true) }),
      );
      const property = fc.asyncProperty(
        fc.array(offset, { minLength: 3, maxLength: 3 }),
        fc.array(fc.integer({ min: -30_000, max: 30_000 }), { minLength: 4, maxLength: 4 }),
        fc.array(step, { minLength: 10, maxLength: 50 }),
        async (offsets, dated, steps) => {
          run++;
          databaseMs += 2_000_000;
          const issued = dated.map((byMs) => databaseMs + byMs);
          const claimed = new Set<number>();
          for (const one of steps) {
            if ("advanceMs" in one) databaseMs += one.advanceMs;
            await setDatabaseClock(opened.pool, opened.schema, databaseMs);
            opened.host.now = databaseMs;
            if ("clean" in one) await opened.clean();
            if (!("host" in one)) continue;
            const host = hosts[one.host];
            const issuedAtMs = issued[one.nonce];
            if (host === undefined || issuedAtMs === undefined) throw new Error("no such host or nonce");
            host.clock.now = databaseMs + (offsets[one.host] ?? 0);
            const expiresAtMs = issuedAtMs + host.windowMs;
            if (host.clock.now > expiresAtMs) continue;
            const result = await outcome(
              host.store.claim(ALICE, `run ${run} ${one.nonce}`, expiresAtMs, issuedAtMs),
            );
            if (result !== "claimed") continue;
            expect(claimed.has(one.nonce)).toBe(false);
            claimed.add(one.nonce);
          }
        },
      );
      await fc.assert(property, { numRuns: 100 });
    });
  },
);
