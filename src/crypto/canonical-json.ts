import { CanonicalJsonError } from "../errors.js";
import { withCanonicalWriter } from "./canonical-writer.js";
import type { CanonicalLimits } from "./canonical-writer.js";
import { sha256Text } from "./digest.js";
import type { Sha256Text } from "./digest.js";

export type { CanonicalLimits };

/**
 * Writes the canonical JSON of a value: RFC 8785 (JCS), with the refusals of wire-format 2. Object keys are sorted by
 * UTF-16 code units, numbers and strings are as `JSON.stringify` writes them. What is hashed or signed is the UTF-8
 * of this text.
 *
 * Takes only what JSON itself has: null, booleans, finite numbers, well-formed strings, arrays without holes and
 * plain objects. Own enumerable string keys count, `__proto__` like any other.
 *
 * @throws `CanonicalJsonError`:
 * `not_json` for `undefined`, functions, symbols, bigints, class instances, objects of another realm, and values that
 * throw when looked at;
 * `non_finite` for NaN and infinities;
 * `unsafe_integer` for integers with 2^53 <= |n| < 2^64, which other implementations refuse;
 * `lone_surrogate` for a string or a key that is not well-formed Unicode;
 * `too_deep` and `too_large` for what is over the limits, as soon as it is known. Cycles are too deep.
 */
export function canonicalJson(value: unknown, limits: CanonicalLimits = {}): string {
  return withCanonicalWriter((writer) => {
    writer.value(value, limits);
    return writer.toString();
  });
}

/** The UTF-8 of {@link canonicalJson}. @throws `CanonicalJsonError` as that does. */
export function canonicalBytes(value: unknown, limits: CanonicalLimits = {}): Uint8Array {
  return withCanonicalWriter((writer) => {
    writer.value(value, limits);
    return writer.copy();
  });
}

/** The SHA-256 of {@link canonicalBytes}. @throws `CanonicalJsonError` as {@link canonicalJson} does. */
export function canonicalHash(value: unknown, limits: CanonicalLimits = {}): Sha256Text {
  return withCanonicalWriter((writer) => {
    writer.value(value, limits);
    return sha256Text(writer.view());
  });
}

/**
 * Tells whether two values have the same canonical JSON. A value that has none, or not within the limits, is the same
 * as nothing. Never throws.
 */
export function isSameJson(value: unknown, other: unknown, limits: CanonicalLimits = {}): boolean {
  try {
    return withCanonicalWriter((writer) => writer.sameValue(value, other, limits));
  } catch (error) {
    if (error instanceof CanonicalJsonError) return false;
    throw error;
  }
}
