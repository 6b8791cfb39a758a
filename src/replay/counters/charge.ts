import { OptionError } from "../../errors.js";
import { describe, invalidOption } from "../../lib/option.js";

/** One call on a counter that lets no more than `max` calls through within any span of `windowMs`. */
export interface RateCharge {
  /** Names the counter, within the store: 1 to 1,024 characters of printable ASCII. */
  readonly id: string;
  /** How many calls have room, 0 or more. A safe integer. */
  readonly max: number;
  /** Length of the sliding window in milliseconds, 1 to 31,622,400,000 (366 days). Keep it the same for one counter. */
  readonly windowMs: number;
}

/** One call on a counter that lets no more than `max` calls through, until it ends. */
export interface BudgetCharge {
  /** Names the counter, within the store: 1 to 1,024 characters of printable ASCII. */
  readonly id: string;
  /** How many calls have room, 0 or more. A safe integer. */
  readonly max: number;
  /**
   * When the counter ends, in milliseconds since the Unix epoch: from then on nothing has room, and it may be forgotten. Keep it the
   * same for one counter.
   */
  readonly expiresAtMs: number;
}

/** One call, to be counted on a counter. */
export type Charge = RateCharge | BudgetCharge;

/** `"charged"`; or the `id` of a counter that has no room, and then nothing is counted on any of them. */
export type ChargeOutcome = "charged" | { readonly exhausted: string };

/** Charges that may be made at once. */
export const MAX_CHARGES = 64;

const MAX_ID_LENGTH = 1024;
const MAX_WINDOW_MS = 366 * 86_400_000;
const PRINTABLE = /^[\x21-\x7e]+$/;

/**
 * Checks charges as they come from outside.
 *
 * @throws `OptionError` that names what is wrong: the caller's mistake.
 */
export function checkCharges(charges: readonly Charge[]): void {
  if (!Array.isArray(charges) || charges.length === 0 || charges.length > MAX_CHARGES) {
    throw invalidOption("charges", `a list of 1 to ${MAX_CHARGES} charges`, charges);
  }
  const seen = new Set<string>();
  for (const charge of charges) {
    checkCharge(charge);
    if (seen.has(charge.id)) {
      throw new OptionError(
        "invalid_option",
        "charges",
        `charges names the counter ${describe(charge.id)} twice`,
      );
    }
    seen.add(charge.id);
  }
}

/** A copy with nothing of the caller's in it: what it holds besides cannot get in the way. */
export function plainCharge(charge: Charge): Charge {
  const { id, max } = charge;
  return isRate(charge)
    ? { id, max, windowMs: charge.windowMs }
    : { id, max, expiresAtMs: charge.expiresAtMs };
}

/** Tells a rate from a budget. */
export function isRate(charge: Charge): charge is RateCharge {
  return "windowMs" in charge;
}

function checkCharge(charge: Charge): void {
  const { id, max } = charge;
  if (typeof id !== "string" || id.length > MAX_ID_LENGTH || !PRINTABLE.test(id)) {
    throw invalidOption(
      "charge.id",
      `1 to ${MAX_ID_LENGTH} characters of printable ASCII without spaces`,
      id,
    );
  }
  if (!Number.isSafeInteger(max) || max < 0) {
    throw invalidOption("charge.max", "a safe integer from 0 on", max);
  }
  if (isRate(charge)) {
    const { windowMs } = charge;
    if (!Number.isSafeInteger(windowMs) || windowMs < 1 || windowMs > MAX_WINDOW_MS) {
      throw invalidOption("charge.windowMs", `milliseconds, 1 to ${MAX_WINDOW_MS}`, windowMs);
    }
  } else if (!Number.isSafeInteger(charge.expiresAtMs) || charge.expiresAtMs < 0) {
    throw invalidOption("charge.expiresAtMs", "milliseconds since the Unix epoch", charge.expiresAtMs);
  }
}
