import * as fc from "fast-check";
import type { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chargeCounter, refundCounter } from "../../../src/replay/counters/counter.js";
import type { Counter } from "../../../src/replay/counters/counter.js";
import type { Charge } from "../../../src/replay/counters/charge.js";
import { EXACT_GROUPS } from "../../../src/replay/counters/window.js";
import { isRate } from "../../../src/replay/counters/charge.js";
import { counterScript } from "../../../src/replay/redis/lua/counter.js";
import { START } from "../harness.js";
import { isInstalled, NEEDS_SERVER, newPrefix, Stand } from "./support/stand.js";

/** The script with the last of its arguments for a clock. */
const SCRIPT = counterScript(0, "local now = tonumber(ARGV[#ARGV])");

/** Times and windows are multiples of this, so that they meet. */
const TICK_MS = 125;

const CHARGES: readonly Charge[] = [
  { id: "short", max: 4, windowMs: 8 * TICK_MS },
  { id: "long", max: 75, windowMs: 2 * EXACT_GROUPS * TICK_MS },
  { id: "odd", max: 30, windowMs: 9_999 },
  { id: "budget", max: 20, expiresAtMs: START + 400 * TICK_MS },
  { id: "none", max: 0, windowMs: 1000 },
];

const ticks = fc.oneof(
  { weight: 40, arbitrary: fc.constantFrom(0, 1, 1) },
  { weight: 1, arbitrary: fc.constantFrom(8, 7, -3, -9, 60) },
);

const step = fc.record({
  refund: fc.oneof({ weight: 7, arbitrary: fc.constant(false) }, fc.constant(true)),
  which: fc.constantFrom([0], [1], [1], [1], [1], [2], [3], [1, 2], [0, 1], [3, 1], [1, 4]),
  moveMs: ticks.map((count) => count * TICK_MS),
});

describe.skipIf(!isInstalled)(`the counters on the Redis server ${NEEDS_SERVER}`, () => {
  const stand = new Stand();
  let client: Redis;
  beforeAll(async () => {
    client = await stand.ioredis((await stand.server()).port);
  });
  afterAll(() => stand.clear());

  const run = async (
    prefix: string,
    mode: string,
    charges: readonly Charge[],
    now: number,
  ): Promise<unknown> => {
    const keys = charges.map(({ id }) => prefix + id);
    const args = charges.flatMap((charge) => [
      isRate(charge) ? "r" : "b",
      charge.max,
      isRate(charge) ? charge.windowMs : charge.expiresAtMs,
    ]);
    return await client.eval(SCRIPT, keys.length, ...keys, mode, ...args, now);
  };

  it("count as those of the memory store do, wherever the clock goes", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 300, maxLength: 600 }), async (steps) => {
        const prefix = newPrefix();
        const reference = new Map<string, Counter>();
        let now = START;
        const expected: number[] = [];
        const actual: Promise<unknown>[] = [];
        for (const { refund, which, moveMs } of steps) {
          now += moveMs;
          const charges = which.flatMap((at) => CHARGES[at] ?? []);
          expected.push(refund ? refundAll(reference, charges, now) : chargeAll(reference, charges, now));
          actual.push(run(prefix, refund ? "refund" : "charge", charges, now));
        }
        expect(await Promise.all(actual)).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });

  it("keep many calls in few groups", async () => {
    const rate: Charge = { id: "r", max: 10_000, windowMs: 64_000 };
    for (let call = 0; call < 3000; call++) void run("many:", "charge", [rate], START + call * 20);
    expect(await run("many:", "charge", [rate], START + 60_000)).toBe(0);
    expect(await client.strlen("many:r")).toBeLessThan(4000);
  });

  it("are gone when they count nothing any more", async () => {
    const rate: Charge = { id: "r", max: 1, windowMs: 60_000 };
    await run("gone:", "charge", [rate], START);
    expect(await client.pttl("gone:r")).toBeGreaterThan(59_000);
    await run("gone:", "refund", [rate], START);
    expect(await client.exists("gone:r")).toBe(0);
    await run("gone:", "charge", [rate, { id: "b", max: 3, expiresAtMs: START + 30_000 }], START);
    await run("gone:", "charge", [{ id: "b", max: 3, expiresAtMs: START + 30_000 }], START);
    await run("gone:", "refund", [{ id: "b", max: 3, expiresAtMs: START + 30_000 }], START);
    expect(await client.pttl("gone:b")).toBeGreaterThan(29_000);
  });
});

function chargeAll(reference: Map<string, Counter>, charges: readonly Charge[], now: number): number {
  const after: Counter[] = [];
  for (const [at, charge] of charges.entries()) {
    const counter = chargeCounter(reference.get(charge.id), charge, now);
    if (counter === undefined) return at + 1;
    after.push(counter);
  }
  for (const [at, { id }] of charges.entries()) {
    const counter = after[at];
    if (counter !== undefined) reference.set(id, counter);
  }
  return 0;
}

function refundAll(reference: Map<string, Counter>, charges: readonly Charge[], now: number): number {
  for (const charge of charges) {
    const counter = reference.get(charge.id);
    if (counter !== undefined) reference.set(charge.id, refundCounter(counter, charge, now));
  }
  return 0;
}
