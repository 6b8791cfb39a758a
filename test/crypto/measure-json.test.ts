import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { canonicalJson } from "../../src/crypto/canonical-json.js";
import { exceedsJson } from "../../src/crypto/measure-json.js";
import { withInheritedMember } from "../support/pollution.js";
import { jsonValues } from "../support/json-values.js";

const NONE = Number.MAX_SAFE_INTEGER;

function nested(depth: number): unknown {
  let value: unknown = {};
  for (let i = 1; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value };
  return value;
}

describe("exceedsJson", () => {
  it("never says that a value is too large whose canonical text is not", () => {
    fc.assert(
      fc.property(jsonValues(), (value) => {
        const bytes = Buffer.byteLength(canonicalJson(value));
        expect(exceedsJson(value, { maxBytes: bytes, maxDepth: 100 })).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });

  it("counts strings, keys and punctuation in full", () => {
    const value = { a: ["x", "yy", {}, []], b: {}, c: [[], "", ""] };
    const bytes = canonicalJson(value).length;
    expect(exceedsJson(value, { maxBytes: bytes, maxDepth: 9 })).toBeUndefined();
    expect(exceedsJson(value, { maxBytes: bytes - 1, maxDepth: 9 })).toBe("bytes");
  });

  it("leaves out a member of the value itself that does not count, and no other of its name", () => {
    const value = { a: 1, _meta: "x".repeat(1000), b: { _meta: 2 } };
    const { _meta: _, ...counted } = value;
    const bytes = canonicalJson(counted).length;
    expect(exceedsJson(value, { maxBytes: bytes, maxDepth: 9, without: "_meta" })).toBeUndefined();
    expect(exceedsJson(value, { maxBytes: bytes - 1, maxDepth: 9, without: "_meta" })).toBe("bytes");
    expect(exceedsJson({ a: nested(100) }, { maxBytes: NONE, maxDepth: 100, without: "_meta" })).toBe(
      "depth",
    );
    expect(exceedsJson("scalar", { maxBytes: NONE, maxDepth: 0, without: "_meta" })).toBeUndefined();
  });

  it("counts levels as canonicalJson does", () => {
    expect(exceedsJson("scalar", { maxBytes: NONE, maxDepth: 0 })).toBeUndefined();
    expect(exceedsJson({}, { maxBytes: NONE, maxDepth: 0 })).toBe("depth");
    expect(exceedsJson(nested(100), { maxBytes: NONE, maxDepth: 100 })).toBeUndefined();
    expect(exceedsJson(nested(101), { maxBytes: NONE, maxDepth: 100 })).toBe("depth");
    expect(exceedsJson({ a: 1, b: [nested(101)], c: 2 }, { maxBytes: NONE, maxDepth: 100 })).toBe("depth");
  });

  it("is safe with cycles and with any number of levels", () => {
    const cycle: unknown[] = [];
    cycle.push(cycle, cycle);
    expect(exceedsJson(cycle, { maxBytes: NONE, maxDepth: 100 })).toBe("depth");
    expect(exceedsJson(nested(6000), { maxBytes: NONE, maxDepth: 100 })).toBe("depth");
    expect(exceedsJson(nested(200_000), { maxBytes: NONE, maxDepth: NONE })).toBe("depth");
  });

  it("stops as soon as there is too much", () => {
    let value: unknown = "leaf";
    for (let i = 0; i < 90; i++) value = [value, value];
    expect(exceedsJson(value, { maxBytes: 100_000, maxDepth: 100 })).toBe("bytes");
    const sparse: unknown[] = [];
    sparse.length = 2 ** 32 - 1;
    expect(exceedsJson(sparse, { maxBytes: 100_000, maxDepth: 100 })).toBe("bytes");
    expect(exceedsJson("x".repeat(10_000), { maxBytes: 10_001, maxDepth: 100 })).toBe("bytes");
  });

  it("finds everything over a limit that is no number", () => {
    expect(exceedsJson([], { maxBytes: Number.NaN, maxDepth: 100 })).toBeDefined();
    expect(exceedsJson([], { maxBytes: NONE, maxDepth: Number.NaN })).toBe("depth");
  });

  it("does not count what an object inherits", () => {
    const exceeded = withInheritedMember(() => exceedsJson({ a: {} }, { maxBytes: 8, maxDepth: 2 }));
    expect(exceeded).toBeUndefined();
  });

  it("never throws, and finds too large what throws when it is looked at", () => {
    const limits = { maxBytes: 1000, maxDepth: 100 };
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    const getter = {
      get a(): number {
        throw new Error("no");
      },
    };
    expect(exceedsJson(proxy, limits)).toBe("bytes");
    expect(exceedsJson([getter], limits)).toBe("bytes");
    fc.assert(
      fc.property(
        fc.anything({ withDate: true, withMap: true, withTypedArray: true, withSparseArray: true }),
        (value) => {
          expect([undefined, "bytes", "depth"]).toContain(exceedsJson(value, limits));
        },
      ),
    );
  });
});
