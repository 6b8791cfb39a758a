import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { quoted } from "../../src/lib/text.js";

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
