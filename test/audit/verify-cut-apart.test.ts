import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { cutApart } from "../../src/audit/verify/cut-apart.js";

const partsOf = (text: string): string[] => cutApart(Buffer.from(text)).map(String);

describe("lines that are cut apart", () => {
  it.each([
    ["\n", ["\n"]],
    ["a", ["a"]],
    ["a\n", ["a\n"]],
    ["a\nb", ["a\n", "b"]],
    ["a\nb\n", ["a\n", "b\n"]],
    ["a\nb\nc\nd\ne\n", ["a\nb\n", "c\n", "d\ne\n"]],
    ["a\n\n\nlonger than all\nb\n", ["a\n\n\n", "longer than all\n", "b\n"]],
  ])("of %j", (text, parts) => {
    expect(partsOf(text)).toEqual(parts);
  });

  it("are all there, in their order, and fewer in each part", () => {
    const text = fc
      .array(fc.constantFrom("a", "\n", "bb", "\n\n"), { minLength: 1 })
      .map((all) => all.join(""));
    fc.assert(
      fc.property(text, (lines) => {
        const parts = partsOf(lines);
        expect(parts.join("")).toBe(lines);
        const isOneLine = lines.indexOf("\n") < 0 || lines.indexOf("\n") === lines.length - 1;
        expect(parts.length === 1).toBe(isOneLine);
        for (const part of parts.slice(0, -1)) expect(part.endsWith("\n")).toBe(true);
      }),
    );
  });
});
