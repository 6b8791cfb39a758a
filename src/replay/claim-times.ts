import { invalidOption } from "../lib/option.js";

/**
 * Checks the times of a claim.
 *
 * @throws `OptionError` for one that is no safe integer from 0 on: the caller's mistake.
 */
export function checkClaimTimes(expiresAtMs: number, issuedAtMs: number): void {
  checkTime("expiresAtMs", expiresAtMs);
  checkTime("issuedAtMs", issuedAtMs);
}

function checkTime(name: string, timeMs: number): void {
  if (!Number.isSafeInteger(timeMs) || timeMs < 0) {
    throw invalidOption(name, "milliseconds since the Unix epoch, a safe integer from 0 on", timeMs);
  }
}
