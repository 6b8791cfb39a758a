import * as fc from "fast-check";

import type { JsonValue } from "../../src/lib/json.js";

/** Any JSON value that has a canonical form: every kind of Unicode, number and key, up to six levels deep. */
export function jsonValues(): fc.Arbitrary<JsonValue> {
  const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 6, depthSize: "small" },
      { weight: 1, arbitrary: fc.constantFrom(null, true, false) },
      { weight: 2, arbitrary: jsonNumbers() },
      { weight: 3, arbitrary: jsonStrings() },
      { weight: 2, arbitrary: fc.array(tie("value"), { maxLength: 6 }) },
      { weight: 3, arbitrary: fc.array(fc.tuple(jsonKeys(), tie("value")), { maxLength: 8 }).map(objectOf) },
    ),
  }));
  return value;
}

export function jsonStrings(): fc.Arbitrary<string> {
  return fc.oneof(
    fc.string({ unit: "grapheme-ascii" }),
    fc.string({ unit: "binary" }),
    fc.string({ unit: "binary-ascii" }),
    fc.string({
      unit: fc.constantFrom("a", '"', "\\", "\n", "\u001f", "\u007f", "é", "\u2028", "€", "😀"),
      maxLength: 80,
    }),
    fc.string({ unit: "grapheme", minLength: 40, maxLength: 200 }),
  );
}

/** Finite numbers but the integers that are refused. */
export function jsonNumbers(): fc.Arbitrary<number> {
  return fc.oneof(
    fc.integer(),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter(isAccepted),
    fc.integer().map((n) => n / 1e6),
    fc.constantFrom(-0, 0, 1e21, -1e21, 1e-7, 5e-324, Number.MAX_VALUE, 2 ** 53 - 1, 2 ** 64, 0.1 + 0.2),
  );
}

/** Makes an object of members; of two with the same key the last counts. Any key is data, `__proto__` too. */
export function objectOf(members: readonly (readonly [string, JsonValue])[]): { [key: string]: JsonValue } {
  const object: { [key: string]: JsonValue } = {};
  for (const [key, value] of members) {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  }
  return object;
}

function jsonKeys(): fc.Arbitrary<string> {
  return fc.oneof(
    jsonStrings(),
    fc.string({ unit: fc.constantFrom("a", "b", "B", "é"), maxLength: 3 }),
    fc.nat({ max: 30 }).map(String),
    fc.constantFrom("__proto__", "constructor", "toJSON", "length", "", "\ufb33", "😀"),
  );
}

function isAccepted(n: number): boolean {
  const size = Math.abs(n);
  return size < 2 ** 53 || size >= 2 ** 64 || !Number.isInteger(n);
}
