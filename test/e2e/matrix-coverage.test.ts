import { describe, expect, it } from "vitest";
import { CASES, GUARDED_CASES } from "./harness/cases.js";
import { fits } from "./harness/matrix.js";
import { titleOf } from "./harness/setup.js";
import { SETUPS, everyCombination, whyNoSetup } from "./harness/setups.js";
import { whyNot } from "./harness/traits.js";

describe("the matrix", () => {
  it("has a cell for every combination, or a reason why there is none", () => {
    const cells = new Set(SETUPS.map(titleOf));
    const missing = everyCombination().filter((setup) => !cells.has(titleOf(setup)));
    expect(cells.size).toBe(34);
    expect(missing.filter((setup) => whyNoSetup(setup) === undefined)).toEqual([]);
  });

  it("has a reason for every case that a cell leaves out", () => {
    for (const setup of SETUPS) {
      for (const one of [...CASES, ...GUARDED_CASES].filter((each) => !fits(each, setup))) {
        const reasons = (one.needs ?? [])
          .map((trait) => whyNot(trait, setup))
          .filter((why) => why !== undefined);
        expect(reasons, `${titleOf(setup)}: ${one.title}`).not.toEqual([]);
      }
    }
  });

  it("runs every case somewhere, and most cases everywhere", () => {
    for (const one of [...CASES, ...GUARDED_CASES])
      expect(SETUPS.some((setup) => fits(one, setup))).toBe(true);
    for (const setup of SETUPS) expect(CASES.filter((one) => fits(one, setup)).length).toBeGreaterThan(12);
  });
});
