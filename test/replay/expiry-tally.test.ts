import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ExpiryTally } from "../../src/replay/expiry-tally.js";

describe("the expiry tally", () => {
  it("counts like a list, in whatever order buckets come and go", () => {
    const step = fc.oneof(
      fc.record({ add: fc.nat({ max: 30 }) }),
      fc.record({ forget: fc.nat({ max: 32 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const tally = new ExpiryTally();
        let list: number[] = [];
        for (const taken of steps) {
          if ("add" in taken) {
            tally.add(taken.add);
            list.push(taken.add);
          } else {
            const gone = list.filter((bucket) => bucket < taken.forget);
            expect(tally.forgetBefore(taken.forget)).toBe(gone.length === 0 ? undefined : Math.max(...gone));
            list = list.filter((bucket) => bucket >= taken.forget);
          }
          expect(tally.live).toBe(list.length);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("forgets nothing before a bucket that is no number", () => {
    const tally = new ExpiryTally();
    tally.add(3);
    expect(tally.forgetBefore(Number.NaN)).toBeUndefined();
    expect(tally.live).toBe(1);
  });
});
