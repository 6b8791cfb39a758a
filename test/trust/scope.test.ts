import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { compilePatterns } from "../../src/trust/scope.js";

const matches = (pattern: string, name: string): boolean => compilePatterns([pattern])(name);

describe("patterns of tools and targets", () => {
  it.each([
    ["read_file", "read_file", true],
    ["read_file", "read_files", false],
    ["read_file", "Read_file", false],
    ["*", "", true],
    ["*", "anything at all", true],
    ["list_*", "list_", true],
    ["list_*", "list_issues", true],
    ["list_*", "a_list_issues", false],
    ["*_file", "read_file", true],
    ["*_file", "read_file2", false],
    ["a*b*c", "abc", true],
    ["a*b*c", "a-b-b-c", true],
    ["a*b*c", "acb", false],
    ["a*a", "a", false],
    ["ab*ba", "aba", false],
    ["*ab*ab*", "ab", false],
    ["**", "x", true],
    ["r?ad", "read", false],
    ["r?ad", "r?ad", true],
    ["[a-z]*", "x", false],
    [".*", "x", false],
    ["a.c", "abc", false],
    ["mcp://*.example.com", "mcp://a.example.com", true],
    ["mcp://*.example.com", "mcp://example.com", false],
  ])("%s against %s: %s", (pattern, name, expected) => {
    expect(matches(pattern, name)).toBe(expected);
  });

  it("allow nothing when there are none", () => {
    expect(compilePatterns([])("x")).toBe(false);
    expect(compilePatterns([])("")).toBe(false);
  });

  it("allow what one of them allows", () => {
    const test = compilePatterns(["a", "b*", "*c"]);
    expect(["a", "bx", "xc", "x", "ax"].map(test)).toEqual([true, true, true, false, false]);
  });

  it("agree with the regular expression that says the same", () => {
    const texts = fc.string({ unit: fc.constantFrom("a", "b", "*", ".", "\n"), maxLength: 12 });
    const names = fc.string({ unit: fc.constantFrom("a", "b", ".", "\n"), maxLength: 12 });
    fc.assert(
      fc.property(texts, names, (pattern, name) => {
        const parts = pattern.split("*").map((part) => part.replaceAll(".", "\\."));
        expect(matches(pattern, name)).toBe(new RegExp(`^${parts.join("[^]*")}$`, "u").test(name));
      }),
      { numRuns: 2000 },
    );
  });

  it("take no longer for a pattern that makes regular expressions slow", () => {
    const pattern = `${"a*".repeat(500)}b`;
    const started = performance.now();
    for (let i = 0; i < 100; i++) expect(matches(pattern, "a".repeat(1024))).toBe(false);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
