import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { canonicalJson } from "../../src/crypto/canonical-json.js";
import { copyJson } from "../../src/crypto/copy-json.js";
import { jsonValues } from "../support/json-values.js";
import { withInheritedMember } from "../support/pollution.js";

describe("copyJson", () => {
  it("copies any JSON value", () => {
    fc.assert(
      fc.property(jsonValues(), (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(copyJson(value, 100))).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });

  it("shares no array and no object with what it copies", () => {
    const value = { list: [{ a: 1 }, [2]], empty: {}, none: [] };
    const copy = copyJson(value, 100);
    value.list.push({ a: 2 });
    Object.assign(value.list[0] ?? {}, { a: 3 });
    Object.assign(value.empty, { b: 4 });
    Object.assign(value.none, [5]);
    expect(copy).toEqual({ list: [{ a: 1 }, [2]], empty: {}, none: [] });
  });

  it("copies own members only, and `__proto__` as one like any other", () => {
    const text = '{"__proto__":{"polluted":[1]},"constructor":{"prototype":{}},"a":{}}';
    const copy = copyJson<object>(JSON.parse(text), 100);
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
    expect(JSON.stringify(copy)).toBe(text);
    expect(withInheritedMember(() => Object.keys(copyJson({ a: { b: 1 } }, 100)))).toEqual(["a"]);
    const inherited = withInheritedMember(() => copyJson([{}], 100), { b: 1 });
    expect(inherited).toEqual([{}]);
  });

  it("refuses more levels than are allowed, and cycles", () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(copyJson([[{}]], 3)).toEqual([[{}]]);
    expect(codeOf(() => copyJson([[{}]], 2))).toBe("too_deep");
    expect(codeOf(() => copyJson([], Number.NaN))).toBe("too_deep");
    expect(codeOf(() => copyJson(cycle, 100))).toBe("too_deep");
  });

  it("reads arrays by index, whatever they say when they are iterated", () => {
    const array = Object.assign([1, { a: 2 }], { [Symbol.iterator]: () => [9][Symbol.iterator]() });
    expect(copyJson(array, 9)).toStrictEqual([1, { a: 2 }]);
  });

  it("refuses objects of a class, and what throws when it is looked at", () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const getter = {
      get a(): number {
        throw new Error("no");
      },
    };
    for (const value of [new Date(0), new Map(), proxy, getter, Object.create({ a: 1 })]) {
      expect(codeOf(() => copyJson(value, 100))).toBe("not_json");
      expect(codeOf(() => copyJson([value], 100))).toBe("not_json");
      expect(codeOf(() => copyJson({ value }, 100))).toBe("not_json");
    }
  });
});

function codeOf(run: () => unknown): unknown {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : error;
  }
}
