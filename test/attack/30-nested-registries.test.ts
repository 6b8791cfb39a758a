import { describe, expect, it } from "vitest";
import { TrustRegistryError } from "../../src/errors.js";
import { parseTrustRegistry } from "../../src/trust/index.js";

/** What begins another level in YAML, again and again. */
const LEVELS: readonly string[] = [
  "[",
  "{",
  "{a: ",
  "a: [b, ",
  '["]", ',
  "[a', ",
  "]]{",
  "!!x [",
  "&a [",
  "[? ",
  "[: ",
  "[\x1f ",
  "[\n",
  "- ",
  "? ",
  ": ",
  "- ? - : ",
  "- !t ",
];

describe("a registry that is nested very deeply", () => {
  // The parser came to the end of the stack, where at the second reading V8 ended the process.
  it.each(LEVELS.flatMap((level) => [900, 3000].map((times) => [level, times] as const)))(
    "%j, %d times, is an error, as often as it is read",
    (level, times) => {
      for (let reading = 0; reading < 3; reading++) {
        expect(() => parseTrustRegistry(level.repeat(times))).toThrow(TrustRegistryError);
      }
    },
  );

  it("is named as such, with its place", () => {
    const lines = Array.from({ length: 1000 }, (_, indent) => `${" ".repeat(indent)}a:`);
    expect(() => parseTrustRegistry(lines.join("\n"))).toThrow(
      "trust registry:201:202: is nested more deeply than any registry is",
    );
    expect(() => parseTrustRegistry("[".repeat(1000))).toThrow(
      "trust registry:1:201: is nested more deeply than any registry is",
    );
  });
});
