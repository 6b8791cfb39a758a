import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Case, Stage } from "./case.js";
import { CASES } from "./cases.js";
import { deploy } from "./deployment.js";
import { bare } from "./security.js";
import { titleOf } from "./setup.js";
import type { Setup } from "./setup.js";
import { whyNot } from "./traits.js";

/** Runs every case that a cell of the matrix has what it takes for. */
export function describeMatrix(setups: readonly Setup[]): void {
  for (const setup of setups) {
    describe(titleOf(setup), () => {
      let stage: Stage;
      beforeAll(async () => {
        const deployment = await deploy(setup, bare);
        stage = { deployment, alice: await deployment.connect("alice") };
      });
      afterAll(() => stage.deployment.close());
      for (const each of CASES.filter((one) => fits(one, setup))) {
        it(`${each.title}`, async () => {
          expect(await each.run(stage)).toBeDefined();
        });
      }
    });
  }
}

export function fits({ needs = [] }: Case, setup: Setup): boolean {
  return needs.every((trait) => whyNot(trait, setup) === undefined);
}
