import { readFileSync, readdirSync } from "node:fs";

import canonicalize from "canonicalize";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { canonicalJson } from "../../src/crypto/canonical-json.js";
import { CanonicalJsonError } from "../../src/errors.js";
import { withInheritedMember } from "../support/pollution.js";
import { jsonStrings, jsonValues } from "../support/json-values.js";

const VECTORS = new URL("../vectors/jcs/", import.meta.url);

function codeOf(value: unknown, limits?: Parameters<typeof canonicalJson>[1]): string | undefined {
  try {
    canonicalJson(value, limits);
    return undefined;
  } catch (error) {
    return error instanceof CanonicalJsonError ? error.code : `not a CanonicalJsonError: ${String(error)}`;
  }
}

function nested(depth: number): unknown {
  let value: unknown = [];
  for (let i = 1; i < depth; i++) value = i % 2 === 0 ? [value] : { key: value };
  return value;
}

describe("canonicalJson on the test data of RFC 8785's author", () => {
  it.each(readdirSync(new URL("input/", VECTORS)))("writes %s as its author does", (file) => {
    const input: unknown = JSON.parse(readFileSync(new URL(`input/${file}`, VECTORS), "utf8"));
    const text = canonicalJson(input);
    expect(text).toBe(readFileSync(new URL(`output/${file}`, VECTORS), "utf8"));
    const hex = readFileSync(new URL(`outhex/${file.replace(".json", ".txt")}`, VECTORS), "utf8");
    expect(Buffer.from(text).toString("hex")).toBe(hex.replaceAll(/\s/g, ""));
  });

  it("writes ten thousand numbers as ECMAScript does, and refuses those that other implementations refuse", () => {
    const lines = readFileSync(new URL("es6testfile-10000.txt", VECTORS), "utf8").trim().split("\n");
    expect(lines).toHaveLength(10_000);
    const wrong = lines.filter((line) => {
      const [digits = "", text = ""] = line.split(",");
      const value = Buffer.from(digits.padStart(16, "0"), "hex").readDoubleBE();
      const isUnsafe = Number.isInteger(value) && Math.abs(value) >= 2 ** 53 && Math.abs(value) < 2 ** 64;
      return isUnsafe ? codeOf(value) !== "unsafe_integer" : canonicalJson(value) !== text;
    });
    expect(wrong).toEqual([]);
  });
});

describe("canonicalJson against another implementation", () => {
  it("writes any JSON value as `canonicalize` does", () => {
    fc.assert(
      fc.property(jsonValues(), (value) => {
        expect(canonicalJson(value)).toBe(canonicalize(value));
      }),
      { numRuns: 3000 },
    );
  });

  it("writes any string as JSON.stringify does", () => {
    fc.assert(
      fc.property(jsonStrings(), (text) => {
        expect(canonicalJson(text)).toBe(JSON.stringify(text));
      }),
      { numRuns: 3000 },
    );
  });

  it("writes every character as JSON.stringify does, in short strings and in long ones", () => {
    const wrong: string[] = [];
    for (let unit = 0; unit <= 0xffff; unit++) {
      if (unit >= 0xd800 && unit <= 0xdfff) continue;
      const text = `a${String.fromCharCode(unit)}`;
      const long = text.repeat(40);
      if (canonicalJson(text) !== JSON.stringify(text)) wrong.push(text);
      if (canonicalJson(long) !== JSON.stringify(long)) wrong.push(long);
    }
    expect(wrong).toEqual([]);
  });

  it("writes what reads back as the same value", () => {
    fc.assert(
      fc.property(jsonValues(), (value) => {
        const text = canonicalJson(value);
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
    );
  });

  it("sorts any number of keys", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit: "binary" }), { minLength: 15, maxLength: 80 }), (keys) => {
        const value = Object.fromEntries(keys.map((key, index) => [key, index]));
        expect(canonicalJson(value)).toBe(canonicalize(value));
      }),
    );
  });

  it("writes a text that does not depend on the order of keys", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), fc.integer())), fc.nat(), (members, seed) => {
        const object = Object.fromEntries(members);
        const entries = Object.entries(object);
        const turned = Object.fromEntries([...entries.slice(seed % 7), ...entries.slice(0, seed % 7)]);
        expect(canonicalJson(turned)).toBe(canonicalJson(object));
      }),
    );
  });
});

describe("canonicalJson on keys", () => {
  it("sorts by UTF-16 code units, not by code points", () => {
    expect(canonicalJson({ "\ufb33": 1, "😀": 2, b: 3, B: 4, 10: 5, 9: 6 })).toBe(
      '{"10":5,"9":6,"B":4,"b":3,"😀":2,"\ufb33":1}',
    );
  });

  it("writes an own key named __proto__ like any other", () => {
    const value: unknown = JSON.parse('{"b":1,"__proto__":{"x":1},"a":2}');
    expect(canonicalJson(value)).toBe('{"__proto__":{"x":1},"a":2,"b":1}');
  });

  it("does not write what an object inherits", () => {
    expect(canonicalJson(Object.create(null))).toBe("{}");
    const texts = withInheritedMember(() => [
      canonicalJson({ a: 1, z: [{}] }),
      canonicalJson({ z: 1, a: 1 }),
    ]);
    expect(texts).toEqual(['{"a":1,"z":[{}]}', '{"a":1,"z":1}']);
  });

  it("takes a member named toJSON as data unless it is a function", () => {
    expect(canonicalJson({ toJSON: 1 })).toBe('{"toJSON":1}');
    expect(codeOf({ toJSON: () => 1 })).toBe("not_json");
  });

  it("leaves out symbols and members that are not enumerable, as JSON does", () => {
    const value = { a: 1, [Symbol("s")]: 2 };
    Object.defineProperty(value, "hidden", { value: 3 });
    expect(canonicalJson(value)).toBe('{"a":1}');
  });
});

describe("canonicalJson refuses", () => {
  class Point {
    readonly x = 1;
  }

  it.each([
    ["undefined", undefined],
    ["a function", () => 1],
    ["a symbol", Symbol("s")],
    ["a bigint", 1n],
    ["a date", new Date(0)],
    ["a map", new Map()],
    ["a set", new Set()],
    ["bytes", new Uint8Array(2)],
    ["a buffer", Buffer.from("ab")],
    ["an instance of a class", new Point()],
    ["a boxed string", Object("text")],
    ["an error", new Error("no")],
    ["a promise", Promise.resolve(1)],
    ["a regular expression", /a/],
    ["an object with another prototype", Object.create({ a: 1 })],
    ["a subclass of Array", new (class extends Array {})()],
    ["an array that says how it is written", Object.assign([1], { toJSON: () => 2 })],
  ])("%s", (_name, value) => {
    expect(codeOf(value)).toBe("not_json");
    expect(codeOf([value])).toBe("not_json");
    expect(codeOf({ key: value })).toBe("not_json");
  });

  it("an array with a hole", () => {
    const holed = [1, 2, 3];
    Reflect.deleteProperty(holed, 1);
    expect(codeOf(holed)).toBe("not_json");
    holed.length = 0;
    holed.length = 2 ** 31;
    expect(codeOf(holed)).toBe("not_json");
  });

  it("numbers that JSON cannot say", () => {
    for (const value of [Number.NaN, Infinity, -Infinity, JSON.parse("1e400")]) {
      expect(codeOf({ limit: value })).toBe("non_finite");
    }
  });

  it("integers from 2^53 to 2^64, and no others", () => {
    for (const size of [2 ** 53, 2 ** 53 + 2, 1e18, 2 ** 63, 2 ** 64 - 2048]) {
      expect(codeOf(size)).toBe("unsafe_integer");
      expect(codeOf([-size])).toBe("unsafe_integer");
    }
    expect(canonicalJson([2 ** 53 - 1, 1 - 2 ** 53, 2 ** 64, -(2 ** 64), 1e21])).toBe(
      "[9007199254740991,-9007199254740991,18446744073709552000,-18446744073709552000,1e+21]",
    );
  });

  it("lone surrogates, in strings and in keys, short and long", () => {
    const pad = "x".repeat(100);
    for (const lone of [
      "\ud800",
      "\udc00",
      "a\ud83d",
      "\ude00\ud83d",
      "\ud83d\ud83d\ude00",
      "😀\ud83d",
      `${pad}\udfff`,
    ]) {
      expect(codeOf(lone)).toBe("lone_surrogate");
      expect(codeOf(`é€${lone}${pad}`)).toBe("lone_surrogate");
      expect(codeOf({ [lone]: 1 })).toBe("lone_surrogate");
    }
  });

  it("cycles", () => {
    const array: unknown[] = [];
    array.push(array, array);
    const object: { [key: string]: unknown } = {};
    object["self"] = { again: object };
    expect(codeOf(array)).toBe("too_deep");
    expect(codeOf(object)).toBe("too_deep");
  });

  it("more than a hundred levels, unless told otherwise", () => {
    expect(codeOf(nested(100))).toBeUndefined();
    expect(codeOf(nested(101))).toBe("too_deep");
    expect(codeOf(nested(128), { maxDepth: 128 })).toBeUndefined();
    expect(codeOf(1, { maxDepth: 0 })).toBeUndefined();
    expect(codeOf({}, { maxDepth: 0 })).toBe("too_deep");
    expect(codeOf({}, { maxDepth: 1 })).toBeUndefined();
  });

  it("a hundred thousand levels without running out of stack, whatever the limit", () => {
    expect(codeOf(nested(100_000))).toBe("too_deep");
    expect(codeOf(nested(100_000), { maxDepth: Number.MAX_SAFE_INTEGER })).toBe("too_deep");
    expect(codeOf(nested(1000), { maxDepth: 1000 })).toBeUndefined();
  });

  it("values that throw when they are looked at", () => {
    const getter = {
      get a(): number {
        throw new Error("no");
      },
    };
    const proxy: unknown = new Proxy({}, { ownKeys: () => expect.fail("looked at") });
    const { proxy: revoked, revoke } = Proxy.revocable({}, {});
    revoke();
    for (const value of [getter, proxy, revoked, [getter]]) expect(codeOf(value)).toBe("not_json");
  });
});

describe("canonicalJson with a limit of bytes", () => {
  it("counts the UTF-8 bytes of the text, exactly", () => {
    fc.assert(
      fc.property(jsonValues(), (value) => {
        const text = canonicalJson(value);
        const bytes = Buffer.byteLength(text);
        expect(canonicalJson(value, { maxBytes: bytes })).toBe(text);
        expect(codeOf(value, { maxBytes: bytes - 1 })).toBe("too_large");
      }),
    );
  });

  it("refuses everything under a limit that is no number", () => {
    expect(codeOf([], { maxBytes: Number.NaN })).toBe("too_large");
    expect(codeOf("text", { maxBytes: Number.NaN })).toBe("too_large");
    expect(codeOf([], { maxDepth: Number.NaN })).toBe("too_deep");
  });

  it("stops early in what would never end", () => {
    // A value of 2^90 leaves, as shared references make it.
    let list: unknown = null;
    let object: unknown = true;
    for (let i = 0; i < 90; i++) {
      list = [list, list];
      object = { a: object, b: object };
    }
    expect(codeOf(list, { maxBytes: 10_000 })).toBe("too_large");
    expect(codeOf(object, { maxBytes: 10_000 })).toBe("too_large");
  });
});
