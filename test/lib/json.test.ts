import { runInNewContext } from "node:vm";

import { describe, expect, it } from "vitest";

import { isPlainObject, ownValue } from "../../src/lib/json.js";
import type { JsonRecord } from "../../src/lib/json.js";

describe("isPlainObject", () => {
  it("takes objects as JSON.parse makes them, and those without a prototype", () => {
    for (const value of [{}, JSON.parse('{"__proto__":[]}'), Object.create(null)]) {
      expect(isPlainObject(value)).toBe(true);
    }
  });

  it("takes nothing else", () => {
    for (const value of [
      null,
      undefined,
      1,
      "",
      [],
      new Map(),
      new Date(),
      () => 1,
      Object.create({}),
      runInNewContext("({})"),
    ]) {
      expect(isPlainObject(value)).toBe(false);
    }
  });
});

describe("ownValue", () => {
  it("reads own members, whatever their name", () => {
    const object: JsonRecord = JSON.parse('{"a":1,"__proto__":2,"constructor":3}');
    expect([ownValue(object, "a"), ownValue(object, "__proto__"), ownValue(object, "constructor")]).toEqual([
      1, 2, 3,
    ]);
  });

  it("does not see what an object inherits", () => {
    for (const key of ["__proto__", "constructor", "toString", "hasOwnProperty", "a"]) {
      expect(ownValue({}, key)).toBeUndefined();
    }
  });
});
