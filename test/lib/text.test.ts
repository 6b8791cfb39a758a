import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { cut, quoted } from "../../src/lib/text.js";

describe("cut", () => {
  it("gives the first characters, whatever they are", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 50 }), fc.nat(60), (text, length) => {
        const odd = `${text}\ud800${text}`;
        expect(cut(odd, length)).toBe(odd.slice(0, length));
      }),
    );
  });

  it("does not keep the rest in memory", () => {
    setFlagsFromString("--expose-gc");
    const gc = runInNewContext("gc") as () => void;
    const kept: string[] = [];
    gc();
    const before = process.memoryUsage().heapUsed;
    for (let n = 0; n < 50; n++)
      kept.push(cut(Buffer.alloc(1_000_000, 97 + (n % 26)).toString("latin1"), 100));
    gc();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(10_000_000);
    expect(kept).toHaveLength(50);
  });
});

describe("quoted", () => {
  it("quotes text that prints as it is", () => {
    expect(quoted("deploy-bot é€😀")).toBe('"deploy-bot é€😀"');
  });

  it("cuts long text", () => {
    expect(quoted("x".repeat(64))).toBe(`"${"x".repeat(64)}"`);
    expect(quoted("x".repeat(65))).toBe(`"${"x".repeat(64)}…"`);
  });

  it("escapes what breaks a line, hides or reorders", () => {
    expect(quoted('a"\n\u0085\u2028\u202e\ufeff\u001b[31m')).toBe(
      String.raw`"a\"\n\u0085\u2028\u202e\ufeff\u001b[31m"`,
    );
  });

  it("is bounded and prints, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 500 }), (text) => {
        const result = quoted(text + "\ud800");
        expect(result.length).toBeLessThan(6 * 65 + 2);
        expect(result).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});
