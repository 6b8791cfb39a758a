import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { TrustRegistryError } from "../../src/errors.js";
import type { Node } from "../../src/trust/node.js";
import { readJson } from "../../src/trust/read-json.js";
import { readPlainYaml } from "../../src/trust/read-plain-yaml.js";
import { readYaml } from "../../src/trust/read-yaml.js";
import { SourceText } from "../../src/trust/source-text.js";
import { registryJson, registryYaml } from "./support/registry-text.js";

/** What the YAML package makes of a text; a fault as text, so that it equals no node. */
function asYaml(text: string): Node | string {
  try {
    return readYaml(new SourceText(text));
  } catch (error) {
    if (error instanceof TrustRegistryError) return error.message;
    throw error;
  }
}

/** Pieces of YAML that mean something, next to each other in every way. */
// prettier-ignore
const PIECES = [
  "a", "b", "name", "1", "x y", "mcp://a", "list_*", "ed25519:AA==", "2026-11-23T00:00:00Z", "é", "🦀", "\u00A0",
  ":", ": ", ":\n", " :", "::", "- ", "-", "--- ", "---\n", "...\n", "?", "? ", ", ", ",", "[", "]", "{", "}", "[]", "{}",
  "#", " #", " # c\n", "# c\n", "&a ", "*a", "!", "!t ", "!!str ", "|", "|\n", ">", ">-\n", "%", "@", "`", "'", '"', "''",
  '""', "\\", "\\n", '"x"', "'x'", '"x" ', "~", "null", "<<", "<<: ", "=", "\n", "\n\n", "\n  ", "\n ", "\n    ", "\n- ",
  "\n  - ", " ", "  ", "    ", "\t", "\r\n", "\r", "\u0085", "\u2028", "\uFEFF", "\0", "\u007F", "a: b\n", "a:\n  - b\n",
  "- a: b\n", "{ a: b }", "{a: b, c: 'd'}", "{ a: 1, ", "{a:b}", "{ a: b: c }",
];
const pieces = fc.constantFrom(...PIECES);

/** Texts near to plain YAML: a file with pieces put in, or taken out, at a few places. */
function edited(text: string): fc.Arbitrary<string> {
  const edit = fc.record({
    at: fc.nat(text.length),
    length: fc.nat(6),
    piece: fc.oneof(pieces, fc.constant("")),
  });
  return fc.array(edit, { minLength: 1, maxLength: 3 }).map((edits) =>
    edits.reduce((now, { at, length, piece }) => {
      const start = Math.min(at, now.length);
      return now.slice(0, start) + piece + now.slice(start + length);
    }, text),
  );
}

const SMALL =
  'a: b\nc: "d e" # f\ng:\n  - h: i\n    j: k\n    l: [m, "n", \'o\']\n  - h: p\n    l:\n    - q\n    - r s\nt: []\nu: { v: 1, w-x: "y z" } # { }\naa: {}\n';

describe("the reader of plain YAML", () => {
  const agree = (text: string): void => {
    const plain = readPlainYaml(text);
    if (plain !== undefined) expect(plain).toEqual(asYaml(text));
  };

  it("reads whatever it takes as YAML does, in the same places", () => {
    fc.assert(
      fc.property(
        fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join("")),
        agree,
      ),
      { numRuns: 2000 },
    );
    fc.assert(fc.property(edited(SMALL), agree), { numRuns: 2000 });
    fc.assert(fc.property(edited('a: { b: c, d: "e" }\nf: { g: 1 }\n'), agree), { numRuns: 3000 });
    fc.assert(fc.property(edited(registryYaml({ agent: "tools: [a, b]\ntargets:\n  - c" })), agree), {
      numRuns: 500,
    });
  });

  it("takes the registries that people write", () => {
    const limited = registryYaml({ agent: "limits: { max_calls: 100, window_seconds: 60 }" });
    for (const text of [
      SMALL,
      limited,
      registryYaml(),
      registryYaml({ agent: "tools: [a, b]\ntargets:\n- c" }),
    ]) {
      expect(readPlainYaml(text)).toBeDefined();
      agree(text);
    }
  });
});

describe("the reader of JSON", () => {
  it("reads whatever it takes as JSON.parse does, and as YAML does", () => {
    const agree = (text: string): void => {
      const node = readJson(text);
      if (node === undefined) return;
      expect(toValue(node)).toEqual(toTexts(JSON.parse(text)));
      // What ends a line for some readers of YAML only is refused there, and stands for itself in JSON.
      if (!/\r(?!\n)|[\u0085\u2028\u2029]/.test(text)) expect(node).toEqual(asYaml(text));
    };
    const small = '{"a": [1, -2.5e3, true, null, "x\\u00e9\\n"],\r\n "b": {"c": [], "d": {}}, "é🦀": ""}';
    fc.assert(fc.property(edited(small), agree), { numRuns: 2000 });
    fc.assert(fc.property(edited(registryJson()), agree), { numRuns: 500 });
  });

  it("takes all JSON of a few levels, and nothing that is not JSON", () => {
    const shallow = fc.json({ maxDepth: 3 });
    fc.assert(
      fc.property(shallow, (text) => {
        expect(readJson(text)).toBeDefined();
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(edited('{"a": [1, "b\\u00e9"], "c": {"d": true}}'), (text) => {
        if (readJson(text) !== undefined) expect(() => JSON.parse(text)).not.toThrow();
      }),
      { numRuns: 2000 },
    );
  });

  it("does not break on a long text of escapes", () => {
    expect(readJson(`{"a": "${"\\n".repeat(5_000_000)}"}`)).toMatchObject({ kind: "map" });
  });
});

/** A node as a value: texts for all scalars, members as a list, so that names may repeat. */
function toValue(node: Node): unknown {
  if (node.kind === "text") return node.text;
  if (node.kind === "list") return node.items.map(toValue);
  return new Map(node.members.map(({ name, value }) => [name, toValue(value)]));
}

/** The same of a parsed value; numbers are compared by what they are, so their text is left to `JSON.parse`. */
function toTexts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toTexts);
  if (typeof value === "object" && value !== null) {
    return new Map(Object.entries(value).map(([name, member]) => [name, toTexts(member)]));
  }
  return typeof value === "number"
    ? expect.toSatisfy((text: string) => Number(text) === value)
    : String(value);
}
