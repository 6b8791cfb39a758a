import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Case, Stage } from "./case.js";
import { CASES, GUARDED_CASES } from "./cases.js";
import { deploy } from "./deployment.js";
import { bare } from "./security.js";
import type { Security } from "./security.js";
import { createGuarded, createSigned } from "./security-guarded.js";
import { isStdio, titleOf } from "./setup.js";
import type { Setup } from "./setup.js";
import { whyNot } from "./traits.js";

/**
 * Runs every case that a cell of the matrix has what it takes for: bare, with a signing client and a bare server,
 * guarded, and guarded with keys and nonces that take their time. What the client sees has to be the same.
 */
export function describeMatrix(setups: readonly Setup[]): void {
  const cells = setups.map((setup): [string, Setup] => [titleOf(setup), setup]);
  describe.for(cells)("%s", ([, setup]) => {
    describeCell(setup);
  });
}

export function fits({ needs = [] }: Case, setup: Setup): boolean {
  return needs.every((trait) => whyNot(trait, setup) === undefined);
}

/** Fewer answers than any guarded cell gives. */
const MANY_ANSWERS = 50;

function describeCell(setup: Setup): void {
  let plain: Stage;
  let secured: readonly Stage[] = [];
  const guarded = (): Stage[] => secured.filter(({ deployment }) => deployment.security.guarded);

  beforeAll(async () => {
    const securities = await Promise.all([
      createSigned(),
      createGuarded({ patient: false }),
      ...(isStdio(setup) ? [] : [createGuarded({ patient: true })]),
    ]);
    plain = await openStage(setup, bare);
    secured = await Promise.all(securities.map((security) => openStage(setup, security)));
  });
  afterAll(async () => {
    await Promise.all([plain, ...secured].map(({ deployment }) => deployment.close()));
  });

  it.for(casesOf(CASES, setup))("%s", async ([, one]) => {
    const seen = await one.run(plain);
    for (const stage of secured) {
      const { guarded: countersigned, title } = stage.deployment.security;
      expect({ title, seen: await one.run(stage) }).toEqual({
        title,
        seen: withCountersigned(seen, countersigned),
      });
    }
  });
  it.for(casesOf(GUARDED_CASES, setup))("%s", async ([, one]) => {
    for (const stage of guarded()) expect(await one.run(stage)).toBeDefined();
  });
  it("has a log of which the chain and every signature hold", async () => {
    const reports = await Promise.all(guarded().map(({ deployment }) => deployment.security.verifyLog()));
    const logs = reports.filter((report) => report !== undefined);
    expect(logs).toHaveLength(1);
    for (const { findings, counts } of logs) {
      expect(findings).toEqual([]);
      expect(counts["countersigned"]).toBeGreaterThan(MANY_ANSWERS);
    }
  });
  it("has every answer to a signed request countersigned", () => {
    for (const { deployment } of guarded()) {
      const answers = deployment.security.answers();
      expect(answers.length).toBeGreaterThan(MANY_ANSWERS);
      expect(answers.filter(({ verified }) => !verified)).toEqual([]);
    }
  });
}

function casesOf(cases: readonly Case[], setup: Setup): [string, Case][] {
  return cases.filter((one) => fits(one, setup)).map((one) => [one.title, one]);
}

async function openStage(setup: Setup, security: Security): Promise<Stage> {
  const deployment = await deploy(setup, security);
  return { deployment, alice: await deployment.connect("alice") };
}

/** What was seen bare, as it has to be seen elsewhere: the same, countersigned or not. */
function withCountersigned(seen: unknown, countersigned: boolean): unknown {
  if (Array.isArray(seen)) return seen.map((one: unknown) => withCountersigned(one, countersigned));
  if (typeof seen !== "object" || seen === null) return seen;
  const entries = Object.entries(seen).map(([key, value]) => [key, withCountersigned(value, countersigned)]);
  const copy: object = Object.fromEntries(entries);
  return "countersigned" in seen ? { ...copy, countersigned } : copy;
}
