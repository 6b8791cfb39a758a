import { createHash } from "node:crypto";

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { isSha256Text, sha256Text } from "../../src/crypto/digest.js";

describe("sha256Text", () => {
  it("hashes bytes, and text as UTF-8", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const wanted = `sha256:${createHash("sha256").update(text, "utf8").digest("hex")}`;
        expect(sha256Text(text)).toBe(wanted);
        expect(sha256Text(Buffer.from(text))).toBe(wanted);
        expect(isSha256Text(wanted)).toBe(true);
      }),
    );
  });

  it("hashes {} to the hash that a call without arguments has", () => {
    expect(sha256Text("{}")).toBe("sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
  });
});

describe("isSha256Text", () => {
  const digits = "0123456789abcdef".repeat(4);

  it.each([
    ["upper-case digits", `sha256:${digits.toUpperCase()}`],
    ["a digit less", `sha256:${digits.slice(1)}`],
    ["a digit more", `sha256:${digits}0`],
    ["no prefix", digits],
    ["another prefix", `sha512:${digits}`],
    ["a newline", `sha256:${digits}\n`],
    ["a character that is no digit", `sha256:${digits.slice(1)}g`],
    ["a number", 12],
    ["a list", [`sha256:${digits}`]],
  ])("refuses %s", (_name, value) => {
    expect(isSha256Text(value)).toBe(false);
  });
});
