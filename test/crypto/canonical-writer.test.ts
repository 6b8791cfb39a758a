import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { canonicalBytes, canonicalHash, canonicalJson } from "../../src/crypto/canonical-json.js";
import { withCanonicalWriter } from "../../src/crypto/canonical-writer.js";
import { sha256Text } from "../../src/crypto/digest.js";
import { CanonicalJsonError } from "../../src/errors.js";
import type { JsonValue } from "../../src/lib/json.js";
import { utf8 } from "../support/bytes.js";
import { jsonValues, objectOf } from "../support/json-values.js";
import { readableJson, Refused } from "../support/readable-json.js";

function outcomeOf(write: () => string): string {
  try {
    return write();
  } catch (error) {
    if (error instanceof CanonicalJsonError || error instanceof Refused) return `refused: ${error.code}`;
    throw error;
  }
}

describe("the writer of canonical JSON", () => {
  it("writes and refuses what the readable writer does, with the same code", () => {
    const spoilt = fc.constantFrom<unknown>(
      Number.NaN,
      Infinity,
      2 ** 53,
      -(2 ** 63),
      "\ud800",
      `${"x".repeat(60)}\udfff`,
      undefined,
      new Date(0),
      1n,
    );
    const values = fc.oneof(
      jsonValues(),
      fc.tuple(jsonValues(), spoilt).map(([value, leaf]) => [{ value, leaf }]),
      spoilt.map((leaf) => ({ b: [leaf], a: "" })),
    );
    fc.assert(
      fc.property(values, (value) => {
        expect(outcomeOf(() => canonicalJson(value))).toBe(outcomeOf(() => readableJson(value)));
      }),
      { numRuns: 3000 },
    );
  });

  it("writes objects whose keys it has seen as those it has not, in whatever order they are", () => {
    const key = fc.constantFrom("b", "a", "é", "\n", "10", "9", "__proto__", "long ".repeat(12));
    const objects = fc.array(
      fc
        .uniqueArray(key, { minLength: 1 })
        .map((keys) => objectOf(keys.map((name, index): [string, JsonValue] => [name, index]))),
      { minLength: 2, maxLength: 12 },
    );
    fc.assert(
      fc.property(objects, (list) => {
        const often = [...list, ...list, ...list.toReversed(), ...list];
        expect(canonicalJson(often)).toBe(readableJson(often));
      }),
      { numRuns: 1000 },
    );
  });

  it("writes decimals as ECMAScript does, however many digits they have", () => {
    const decimals = fc
      .tuple(fc.maxSafeInteger(), fc.integer({ min: 0, max: 20 }))
      .map(([digits, places]) => digits / 10 ** places);
    const small = fc
      .tuple(fc.integer({ min: -(10 ** 7), max: 10 ** 7 }), fc.integer({ min: 0, max: 8 }))
      .map(([digits, places]) => digits / 10 ** places);
    fc.assert(
      fc.property(fc.oneof(decimals, small), (value) => {
        expect(outcomeOf(() => canonicalJson(value))).toBe(outcomeOf(() => readableJson(value)));
      }),
      { numRuns: 20_000 },
    );
    const edges = [1e9, 1e9 - 1, 1e9 - 1e-6, 999_999_999.999_999, 1e-6, 1.5e-6, 9.999_999e-7, 0.1 + 0.2];
    for (const edge of edges) {
      expect([edge, canonicalJson(edge)]).toEqual([edge, String(edge)]);
      expect([edge, canonicalJson(-edge)]).toEqual([edge, String(-edge)]);
    }
  });

  it("writes strings of every length around those at which it changes its way", () => {
    for (const character of ["x", '"', "\n", "\u0001", "é", "€", "😀"]) {
      for (const length of [0, 1, 2, 3, 47, 48, 49, 50, 51, 95, 96, 97, 20_000, 70_000]) {
        const all = character.repeat(length);
        const last = "x".repeat(length) + character;
        expect(canonicalJson([all, last])).toBe(JSON.stringify([all, last]));
      }
    }
  });

  it("writes texts larger than its buffer, and small ones after them", () => {
    const large = { b: Array.from({ length: 40_000 }, (_, index) => `line ${index}\n`), a: 1 };
    expect(canonicalJson(large)).toBe(readableJson(large));
    expect(canonicalJson({ b: 1, a: [] })).toBe('{"a":[],"b":1}');
    const wide = Object.fromEntries(Array.from({ length: 30_000 }, (_, index) => [`key ${index}`, index]));
    expect(canonicalJson(wide)).toBe(readableJson(wide));
  });

  it("is the same as UTF-8 and as a hash", () => {
    fc.assert(
      fc.property(jsonValues(), (value) => {
        expect(utf8(canonicalBytes(value))).toBe(canonicalJson(value));
        expect(canonicalHash(value)).toBe(sha256Text(canonicalJson(value)));
      }),
    );
  });

  it("can be used by what is called back while it writes", () => {
    const inner = { z: "inner", a: [1] };
    const value = {
      b: 1,
      get a(): string {
        return canonicalJson(inner);
      },
    };
    expect(canonicalJson(value)).toBe(JSON.stringify({ a: '{"a":[1],"z":"inner"}', b: 1 }));
  });

  it("starts anew after a value that it refused", () => {
    expect(outcomeOf(() => canonicalJson({ a: [1, { b: undefined }] }))).toBe("refused: not_json");
    expect(canonicalJson({ c: [2] })).toBe('{"c":[2]}');
  });

  it("compares the rest of a value no further, and writes it, once a difference was found", () => {
    const value = { a: [1, 2], b: { c: "d" }, e: "f" };
    const texts = [{ ...value, a: [1] }, { ...value, b: { c: 1 } }, { ...value, x: 1 }, 1, [value], null];
    for (const other of texts) {
      withCanonicalWriter((writer) => {
        expect(writer.sameValue(value, other)).toBe(false);
        expect(writer.toString()).toBe(readableJson(value));
      });
    }
  });
});
