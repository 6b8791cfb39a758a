import { isRate } from "./charge.js";
import type { BudgetCharge, Charge, RateCharge } from "./charge.js";
import { addCall, inWindow, takeBackCall, total } from "./window.js";
import type { Group } from "./window.js";

/** What a store keeps of a counter. */
export interface Counter {
  /** Calls counted. Those of a budget are one group. */
  readonly groups: readonly Group[];
  /** From when on it need not be kept, in milliseconds since the Unix epoch. */
  readonly expiresAtMs: number;
}

/**
 * Counts one call.
 *
 * @param counter - What is kept, `undefined` for a counter that is not kept, or not any more.
 * @returns The counter as it is then, `undefined` when it has no room.
 */
export function chargeCounter(
  counter: Counter | undefined,
  charge: Charge,
  nowMs: number,
): Counter | undefined {
  const groups = counter?.groups ?? [];
  return isRate(charge) ? chargeRate(groups, charge, nowMs) : chargeBudget(groups, charge, nowMs);
}

/** Takes one call back. */
export function refundCounter(counter: Counter, charge: Charge, nowMs: number): Counter {
  const groups = isRate(charge) ? inWindow(counter.groups, nowMs, charge.windowMs) : counter.groups;
  return { ...counter, groups: takeBackCall(groups) };
}

function chargeRate(groups: readonly Group[], charge: RateCharge, nowMs: number): Counter | undefined {
  const { max, windowMs } = charge;
  const live = inWindow(groups, nowMs, windowMs);
  if (total(live) >= max) return undefined;
  const after = addCall(live, nowMs, windowMs);
  return { groups: after, expiresAtMs: (after.at(-1)?.[1] ?? nowMs) + windowMs };
}

function chargeBudget(groups: readonly Group[], charge: BudgetCharge, nowMs: number): Counter | undefined {
  const { max, expiresAtMs } = charge;
  const [first] = groups;
  const count = first?.[2] ?? 0;
  if (nowMs >= expiresAtMs || count >= max) return undefined;
  return { groups: [[first?.[0] ?? nowMs, nowMs, count + 1]], expiresAtMs };
}
