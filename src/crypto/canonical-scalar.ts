import { CanonicalJsonError } from "../errors.js";

/**
 * Writes one string as canonical JSON, quotes included: as `JSON.stringify` writes it.
 *
 * @throws `CanonicalJsonError` `lone_surrogate` for a string that is not well-formed Unicode.
 */
export function canonicalString(text: string): string {
  return isShortAndPlain(text) ? `"${text}"` : escapedString(text);
}

/**
 * Writes one number as canonical JSON, that is as ECMAScript writes it.
 *
 * @throws `CanonicalJsonError` `non_finite`, or `unsafe_integer` for integers with 2^53 <= |n| < 2^64.
 */
export function canonicalNumber(value: number): string {
  // Written so that NaN fails it too. -0 is written as 0.
  if (value < UNSAFE_FROM && value > -UNSAFE_FROM) return `${value}`;
  if (!Number.isFinite(value)) {
    throw new CanonicalJsonError("non_finite", `${value} has no canonical form`);
  }
  if (Math.abs(value) < UNSAFE_TO) {
    throw new CanonicalJsonError("unsafe_integer", "an integer from 2^53 to 2^64 has no canonical form");
  }
  return `${value}`;
}

/**
 * Tells whether a string is short and stands for itself: nothing to escape, no surrogates. Only for short strings is
 * a look at each character cheaper than the built-in searches.
 */
export function isShortAndPlain(text: string): boolean {
  if (text.length > SHORT) return false;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x20 || unit === 0x22 || unit === 0x5c || unit >= 0xd800) return false;
  }
  return true;
}

const UNSAFE_FROM = 2 ** 53;
const UNSAFE_TO = 2 ** 64;
const SHORT = 32;
/** The control characters, which JSON escapes, but the newline. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const CONTROL = /[\x00-\x09\x0b-\x1f]/;

function escapedString(text: string): string {
  if (!text.isWellFormed()) {
    throw new CanonicalJsonError("lone_surrogate", "a string with a lone surrogate has no canonical form");
  }
  // Searches for one character run at the speed of memory, and so does the replacing of newlines, which are what
  // there is to escape in prose. Everything else goes to the built-in writer, which takes two to three times as long.
  if (text.includes('"') || text.includes("\\") || CONTROL.test(text)) return JSON.stringify(text);
  return text.includes("\n") ? `"${text.replaceAll("\n", "\\n")}"` : `"${text}"`;
}
