import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { CanonicalJsonError } from "../../src/errors.js";
import { BILATERAL_META, BILATERAL_META_ALIAS, contentHash, errorHash } from "../../src/receipt/index.js";
import { jsonStrings, jsonValues } from "../support/json-values.js";

const countersignature = { v: 3, nested: { deep: true } };

describe("the hash of a result", () => {
  it("is that of its canonical JSON", () => {
    expect(contentHash({ b: 1, a: "é" })).toBe(contentHash({ a: "é", b: 1 }));
    expect(contentHash(null)).toBe("sha256:74234e98afe7498fb5daf1f36ac2d78acc339464f950703b8c019892f982b90b");
  });

  it.each([BILATERAL_META, BILATERAL_META_ALIAS])("is the same before and after %s is put in", (name) => {
    const metas = fc.option(fc.dictionary(jsonStrings(), jsonValues(), { maxKeys: 3 }), { nil: undefined });
    fc.assert(
      fc.property(fc.dictionary(jsonStrings(), jsonValues(), { maxKeys: 3 }), metas, (content, meta) => {
        const before = meta === undefined ? content : { ...content, _meta: meta };
        const after = { ...content, _meta: { ...meta, [name]: countersignature } };
        expect(contentHash(after)).toBe(contentHash(before));
      }),
      { numRuns: 100 },
    );
  });

  it("covers everything else in _meta", () => {
    const result = { content: [], _meta: { progressToken: 1, [BILATERAL_META]: countersignature } };
    expect(contentHash(result)).toBe(contentHash({ content: [], _meta: { progressToken: 1 } }));
    expect(contentHash(result)).not.toBe(contentHash({ content: [] }));
  });

  it("leaves an empty _meta out", () => {
    expect(contentHash({ content: [], _meta: {} })).toBe(contentHash({ content: [] }));
  });

  it("covers a _meta that is no object, and the name anywhere else", () => {
    for (const result of [
      { _meta: [] },
      { _meta: null },
      { _meta: BILATERAL_META },
      { [BILATERAL_META]: 1 },
      { a: { _meta: { [BILATERAL_META]: 1 } } },
      [{ _meta: { [BILATERAL_META]: 1 } }],
    ]) {
      expect(contentHash(result)).not.toBe(contentHash({}));
      expect(contentHash(result)).not.toBe(contentHash([{}]));
      expect(contentHash(result)).not.toBe(contentHash({ a: {} }));
    }
  });

  it("keeps an own __proto__, at the top and in _meta", () => {
    const result: unknown = JSON.parse(`{"__proto__":1,"_meta":{"__proto__":2,"${BILATERAL_META}":3}}`);
    expect(contentHash(result)).toBe(contentHash(JSON.parse('{"__proto__":1,"_meta":{"__proto__":2}}')));
  });

  it("does not change the result", () => {
    const result = { content: [], _meta: { [BILATERAL_META]: countersignature } };
    contentHash(result);
    expect(result).toEqual({ content: [], _meta: { [BILATERAL_META]: countersignature } });
  });

  it("is refused for what has no canonical form, or is over the limits", () => {
    for (const result of [
      { text: "\ud800" },
      { n: 2 ** 53 },
      { n: Number.NaN },
      undefined,
      { a: undefined },
    ]) {
      expect(() => contentHash(result)).toThrow(CanonicalJsonError);
    }
    expect(() => contentHash({ text: "x".repeat(100) }, { maxBytes: 50 })).toThrow(CanonicalJsonError);
  });
});

describe("the hash of an error", () => {
  const error = { code: -32_602, message: "no" };

  it.each([BILATERAL_META, BILATERAL_META_ALIAS])(
    "is the same before and after %s is put into its data",
    (name) => {
      expect(errorHash({ ...error, data: { [name]: countersignature } })).toBe(errorHash(error));
      const data = { reason: "replayed" };
      expect(errorHash({ ...error, data: { ...data, [name]: countersignature } })).toBe(
        errorHash({ ...error, data }),
      );
    },
  );

  it("covers code, message and data", () => {
    const others = [
      { ...error, code: 1 },
      { ...error, message: "" },
      { ...error, data: "x" },
      { ...error, data: [] },
    ];
    for (const other of others) expect(errorHash(other)).not.toBe(errorHash(error));
  });

  it("leaves empty data out", () => {
    expect(errorHash({ ...error, data: {} })).toBe(errorHash(error));
  });
});
