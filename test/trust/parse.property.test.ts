import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";

import { isPlainObject } from "../../src/lib/json.js";
import { parseTrustRegistry } from "../../src/trust/parse.js";
import { changed, paths } from "../support/json-paths.js";
import { faultOf } from "./support/fault.js";
import { entryOf, registryJson, registryOf, registryYaml } from "./support/registry-text.js";

/** A registry with something in every place. */
const FULL = registryOf({
  description: "all of it",
  source: "git",
  roots: [entryOf("root", { principal: "org://acme" })],
  agents: [
    entryOf("bot", { tools: ["a"], targets: ["b"], principal: "agent://acme/bot", comment: "x" }),
    entryOf("old", { status: "revoked", revoked_at: "2026-11-02T00:00:00Z" }),
  ],
  servers: [entryOf("server", { targets: ["b"], expires_at: "2027-11-02T00:00:00Z" })],
});

const KNOWN = new Set(
  [
    "version",
    "bundle_id",
    "org",
    "env",
    "generated_at",
    "description",
    "source",
    "roots",
    "agents",
    "servers",
    "authorities",
  ].concat(
    [
      "id",
      "name",
      "owner",
      "pubkey",
      "status",
      "created_at",
      "expires_at",
      "disabled_at",
      "revoked_at",
      "principal",
      "comment",
    ],
    ["tools", "targets", "limits", "max_calls", "window_seconds"],
  ),
);

/** Names that are not known: any text, a known one with a slip of the hand, those that JavaScript objects have. */
const unknownNames = fc
  .oneof(
    fc.string(),
    fc.constantFrom(
      "__proto__",
      "constructor",
      "toString",
      "hasOwnProperty",
      "<<",
      "",
      " id",
      "id ",
      "ID",
      "$id",
      "expire_at",
    ),
    fc
      .tuple(fc.constantFrom(...KNOWN), fc.nat(20))
      .map(([name, at]) => name.slice(0, at) + name.slice(at + 1)),
    fc
      .tuple(fc.constantFrom(...KNOWN), fc.nat(20), fc.string({ minLength: 1, maxLength: 1 }))
      .map(([name, at, more]) => name.slice(0, at) + more + name.slice(at)),
  )
  .filter((name) => !KNOWN.has(name));

/** Adds an own member of any name, `__proto__` too. */
function withMember(value: unknown, name: string, member: unknown): unknown {
  const members: [string, unknown][] = isPlainObject(value) ? Object.entries(value) : [];
  return Object.fromEntries([...members, [name, member]]);
}

describe("parseTrustRegistry", () => {
  it("accepts the registry that the properties begin with", () => {
    expect(faultOf(JSON.stringify(FULL))).toBeUndefined();
    expect(faultOf(stringify(FULL))).toBeUndefined();
  });

  it("never accepts an unknown field, wherever it is", () => {
    const places = fc.constantFrom(...paths(FULL, "objects", new Set()));
    fc.assert(
      fc.property(places, unknownNames, fc.jsonValue({ maxDepth: 2 }), (path, name, value) => {
        const registry = changed(FULL, path, (object) => withMember(object, name, value));
        for (const text of [JSON.stringify(registry), stringify(registry)]) {
          expect(["registry_invalid", "registry_syntax"]).toContain(faultOf(text)?.code);
        }
      }),
      { numRuns: 250 },
    );
  });

  it("accepts a known field only where it belongs", () => {
    const places = paths(FULL, "objects", new Set());
    fc.assert(
      fc.property(
        fc.constantFrom(...places),
        fc.constantFrom(...KNOWN),
        fc.jsonValue({ maxDepth: 2 }),
        (path, name, value) => {
          const registry = changed(FULL, path, (object) => withMember(object, name, value));
          const text = JSON.stringify(registry);
          if (faultOf(text) !== undefined) return;
          const read = parseTrustRegistry(text);
          const kept = JSON.stringify([
            read.header,
            ...read.entries("roots"),
            ...read.entries("agents"),
            ...read.entries("servers"),
          ]);
          // What was taken is what is kept: nothing that the file says is passed over.
          if (typeof value === "string" && !name.endsWith("_at"))
            expect(kept).toContain(JSON.stringify(value));
        },
      ),
      { numRuns: 250 },
    );
  });

  it("throws nothing but its own error, whatever the text is", () => {
    const edit = (text: string): fc.Arbitrary<string> =>
      fc
        .tuple(fc.nat(text.length), fc.nat(30), fc.string({ unit: "binary", maxLength: 5 }))
        .map(([at, length, more]) => text.slice(0, at) + more + text.slice(at + length));
    const texts = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.json(),
      edit(registryJson()),
      edit(registryYaml()),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const fault = faultOf(text);
        if (fault !== undefined)
          expect([typeof fault.line, typeof fault.column]).toEqual(["number", "number"]);
      }),
      { numRuns: 1000 },
    );
  });

  it("reads a registry from YAML as from JSON", () => {
    const texts = fc.string({ unit: "binary", minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(texts, fc.array(texts, { maxLength: 3 }), (text, list) => {
        const registry = registryOf({ agents: [entryOf("bot", { comment: text, name: text, tools: list })] });
        const json = JSON.stringify(registry);
        const quoted = stringify(registry, { defaultStringType: "QUOTE_DOUBLE" });
        const wanted = faultOf(json)?.code ?? [...parseTrustRegistry(json).entries("agents")];
        expect(faultOf(quoted)?.code ?? [...parseTrustRegistry(quoted).entries("agents")]).toEqual(wanted);
        // Without quotes, what is no text to another YAML reader is refused: the name `n`.
        const plain = stringify(registry);
        if (faultOf(plain) === undefined)
          expect([...parseTrustRegistry(plain).entries("agents")]).toEqual(wanted);
      }),
      { numRuns: 250 },
    );
  });
});
