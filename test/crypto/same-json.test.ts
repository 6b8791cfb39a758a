import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { canonicalJson, isSameJson } from "../../src/crypto/canonical-json.js";
import type { JsonValue } from "../../src/lib/json.js";
import { withInheritedMember } from "../support/pollution.js";
import { jsonValues, objectOf } from "../support/json-values.js";

describe("isSameJson", () => {
  it("says what a comparison of the canonical texts says", () => {
    fc.assert(
      fc.property(jsonValues(), jsonValues(), (a, b) => {
        expect(isSameJson(a, b)).toBe(canonicalJson(a) === canonicalJson(b));
      }),
      { numRuns: 1000 },
    );
  });

  it("says so of values with few keys and leaves, which often are equal", () => {
    const leaves = fc.constantFrom<JsonValue>(0, -0, 1, "", "1", null, false, [], {});
    const { value } = fc.letrec<{ value: JsonValue }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        leaves,
        fc.array(tie("value"), { maxLength: 2 }),
        fc
          .array(fc.tuple(fc.constantFrom("a", "b", "__proto__", "0"), tie("value")), { maxLength: 3 })
          .map(objectOf),
      ),
    }));
    fc.assert(
      fc.property(value, value, (a, b) => {
        expect(isSameJson(a, b)).toBe(canonicalJson(a) === canonicalJson(b));
      }),
      { numRuns: 5000 },
    );
  });

  it("finds a value equal to its copy, with the keys in any order", () => {
    fc.assert(
      fc.property(jsonValues(), (value) => {
        expect(isSameJson(value, JSON.parse(JSON.stringify(value)))).toBe(true);
        expect(isSameJson(value, JSON.parse(canonicalJson(value)))).toBe(true);
        expect(isSameJson(reversedKeys(value), value)).toBe(true);
      }),
    );
  });

  it("finds a value different from the same with one leaf changed", () => {
    fc.assert(
      fc.property(jsonValues(), fc.nat(), (value, seed) => {
        const changed = changedLeaf(value, { left: seed % 20 });
        expect(isSameJson(value, changed)).toBe(canonicalJson(value) === canonicalJson(changed));
      }),
      { numRuns: 1000 },
    );
  });

  it("compares the keys of objects with many, in any order", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string(), { minLength: 2, maxLength: 60 }),
        fc.string(),
        (keys, other) => {
          const value = Object.fromEntries(keys.map((key) => [key, null]));
          const turned = Object.fromEntries(keys.map((key): [string, null] => [key, null]).toReversed());
          const changed = Object.fromEntries(
            [...keys.slice(1), other].map((key) => [key, null]).toReversed(),
          );
          expect(isSameJson(value, turned)).toBe(true);
          expect(isSameJson(value, changed)).toBe(canonicalJson(value) === canonicalJson(changed));
        },
      ),
    );
  });

  it("takes 0 and -0 as one, as the canonical text does", () => {
    expect(isSameJson([0, { a: -0 }], [-0, { a: 0 }])).toBe(true);
  });

  it("looks at own members only", () => {
    expect(isSameJson(JSON.parse('{"__proto__":{}}'), {})).toBe(false);
    expect(isSameJson(JSON.parse('{"__proto__":{}}'), { a: {} })).toBe(false);
    expect(isSameJson({ a: {} }, JSON.parse('{"__proto__":{}}'))).toBe(false);
    expect(isSameJson({ toString: 1 }, { valueOf: 1 })).toBe(false);
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`key ${index}`, null]));
    expect(isSameJson(objectOf([["__proto__", {}], ...Object.entries(many)]), { ...many, a: {} })).toBe(
      false,
    );
    const hidden = { b: 1 };
    Object.defineProperty(hidden, "a", { value: 1 });
    expect(isSameJson({ a: 1 }, hidden)).toBe(false);
    expect(isSameJson(hidden, { a: 1 })).toBe(false);
  });

  it("is not misled by enumerable members of Object.prototype", () => {
    const answers = withInheritedMember(() => [
      isSameJson({ a: 1 }, { a: 1 }),
      isSameJson({ a: 1 }, { a: 1, inherited: 1 }),
      isSameJson({ a: 1, inherited: 1 }, { a: 1 }),
      isSameJson({ inherited: 1, a: 2 }, { a: 2, b: 1 }),
    ]);
    expect(answers).toEqual([true, false, false, false]);
  });

  it("does not take what is no JSON for something that is", () => {
    const holed = [1, 2];
    Reflect.deleteProperty(holed, 0);
    for (const [a, b] of [
      [{}, new Map()],
      [{}, new Date(0)],
      [{}, []],
      [[], new Uint8Array(0)],
      [{}, Object.create({ a: 1 })],
      ["text", Object("text")],
      [[], { length: 0 }],
      [{ a: null }, { a: undefined }],
      [{}, { a: undefined }],
      [[null, 2], holed],
      [null, undefined],
      [1, "1"],
      [1, 1n],
      [0, false],
      ["", null],
    ]) {
      expect(isSameJson(a, b)).toBe(false);
      expect(isSameJson(b, a)).toBe(false);
      expect(isSameJson([a], [b])).toBe(false);
    }
  });

  it("survives cycles, endless depth and objects that throw", () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    const other: unknown[] = [];
    other.push(other);
    expect(isSameJson(cycle, other)).toBe(false);
    const deep = (): unknown => {
      let value: unknown = [];
      for (let i = 0; i < 50_000; i++) value = [value];
      return value;
    };
    expect(isSameJson(deep(), deep())).toBe(false);
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(isSameJson({}, proxy)).toBe(false);
    expect(isSameJson(proxy, [])).toBe(false);
  });

  it("does not take longer the more keys come in another order", () => {
    const build = (keys: readonly string[], depth: number): unknown =>
      depth === 0
        ? 1
        : Object.fromEntries(keys.map((key) => [key, key === "a" ? build(keys, depth - 1) : 1]));
    expect(isSameJson(build(["a", "b"], 90), build(["b", "a"], 90))).toBe(true);
    expect(isSameJson(build(["a", "b"], 90), build(["c", "a"], 90))).toBe(false);
  });
});

function reversedKeys(value: JsonValue): JsonValue {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(reversedKeys);
  return objectOf(
    Object.entries(value)
      .map(([key, member]): [string, JsonValue] => [key, reversedKeys(member)])
      .toReversed(),
  );
}

/** A copy in which the leaf of a number is another one. */
function changedLeaf(value: JsonValue, count: { left: number }): JsonValue {
  if (value === null || typeof value !== "object") return count.left-- === 0 ? "changed" : value;
  if (Array.isArray(value)) return value.map((item) => changedLeaf(item, count));
  return objectOf(
    Object.entries(value).map(([key, member]): [string, JsonValue] => [key, changedLeaf(member, count)]),
  );
}
