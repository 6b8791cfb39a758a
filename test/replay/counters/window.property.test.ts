import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CounterTable } from "../../../src/replay/counters/counter-table.js";
import { addCall, EXACT_GROUPS, inWindow } from "../../../src/replay/counters/window.js";
import type { Group } from "../../../src/replay/counters/window.js";
import { START } from "../harness.js";

const WINDOW_MS = 6400;
const moves = fc.array(fc.oneof(fc.constantFrom(0, 1, 50, 99, 100, 101, WINDOW_MS), fc.nat({ max: 300 })), {
  minLength: 1,
  maxLength: 400,
});

describe("a rate over a sliding window", () => {
  it("never lets more than `max` calls through within any window, and no fewer than it must", () => {
    fc.assert(
      fc.property(moves, fc.integer({ min: 1, max: 150 }), (steps, max) => {
        const table = new CounterTable();
        const times: number[] = [];
        let now = START;
        for (const move of steps) {
          now += move;
          const inside = times.filter((time) => time + WINDOW_MS > now).length;
          const close = times.filter((time) => time + WINDOW_MS + WINDOW_MS / EXACT_GROUPS > now).length;
          const outcome = table.charge([{ id: "r", max, windowMs: WINDOW_MS }], now);
          if (inside >= max) expect(outcome).toEqual({ exhausted: "r" });
          else if (close < max || max <= EXACT_GROUPS) expect(outcome).toBe("charged");
          if (outcome === "charged") times.push(now);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("keeps no more than twice as many groups as it keeps apart", () => {
    let groups: readonly Group[] = [];
    for (let now = START; now < START + 10 * WINDOW_MS; now += 7) {
      groups = addCall(inWindow(groups, now, WINDOW_MS), now, WINDOW_MS);
      expect(groups.length).toBeLessThanOrEqual(2 * EXACT_GROUPS + 1);
    }
    expect(groups.length).toBeGreaterThanOrEqual(EXACT_GROUPS);
  });

  it("does not let a clock that was set back free room", () => {
    const table = new CounterTable();
    const charge = [{ id: "r", max: 2, windowMs: WINDOW_MS }];
    expect(table.charge(charge, START)).toBe("charged");
    expect(table.charge(charge, START - 100_000)).toBe("charged");
    expect(table.charge(charge, START - 90_000)).toEqual({ exhausted: "r" });
    expect(table.charge(charge, START + WINDOW_MS - 1)).toEqual({ exhausted: "r" });
    expect(table.charge(charge, START + WINDOW_MS)).toBe("charged");
  });

  it("forgets counters that are not needed any more", () => {
    const table = new CounterTable();
    for (let index = 0; index < 100; index++) {
      table.charge([{ id: `r${index}`, max: 1, windowMs: 1000 }], START + index * 2000);
    }
    expect(table.size).toBeLessThan(10);
    for (let index = 0; index < 100; index++) {
      expect(table.charge([{ id: `r${index}`, max: 1, windowMs: 1000 }], START + 1_000_000)).toBe("charged");
    }
  });
});
