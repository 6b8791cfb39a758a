import { readFileSync, readdirSync } from "node:fs";

import { describe, expect, it } from "vitest";

import { parseTrustRegistry } from "../../src/trust/parse.js";
import { faultOf } from "./support/fault.js";
import { NOW_MS, entryOf, keyOf, registryJson, registryOf, registryYaml } from "./support/registry-text.js";

const VECTORS = new URL("../vectors/trust/", import.meta.url);

const readVector = (file: string): string => readFileSync(new URL(file, VECTORS), "utf8");

describe("parseTrustRegistry on the registries of the released CLI", () => {
  const at = Date.UTC(2026, 5, 15);
  const codes = (file: string): readonly string[] => {
    const registry = parseTrustRegistry(readVector(file), { file });
    return (["roots", "agents", "servers"] as const).flatMap((section) =>
      [...registry.entries(section)].map(({ id, pubkey }) => {
        const found = registry.lookUp(section, pubkey, at);
        return `${id} ${found.ok ? "ok" : found.code}`;
      }),
    );
  };

  it.each([
    ["bundle.json", ["alice ok", "deploy-bot-1 ok", "old-bot key_revoked", "github-mcp ok"]],
    ["disabled.yaml", ["alice ok", "deploy-bot-1 ok", "old-bot key_revoked", "github-mcp key_disabled"]],
    ["revoked.yaml", ["alice ok", "deploy-bot-1 key_revoked", "old-bot key_revoked", "github-mcp ok"]],
    [
      "rotated.yaml",
      ["alice ok", "deploy-bot-1 key_expired", "old-bot key_revoked", "deploy-bot-2 ok", "github-mcp ok"],
    ],
  ])("finds each key of %s in its state", (file, expected) => {
    expect(codes(file)).toEqual(expected);
  });

  it("knows every one of them", () => {
    expect(readdirSync(VECTORS).sort()).toEqual([
      "bundle.json",
      "disabled.yaml",
      "revoked.yaml",
      "rotated.yaml",
    ]);
  });
});

describe("parseTrustRegistry", () => {
  it("reads the sample in config", () => {
    const text = readFileSync(new URL("../../config/registry.yaml", import.meta.url), "utf8");
    const registry = parseTrustRegistry(text, { file: "config/registry.yaml" });
    const states = [...registry.entries("agents")].map(
      (entry) => registry.lookUp("agents", entry.pubkey, NOW_MS).ok,
    );
    expect(states).toEqual([true, true, true, false]);
    expect(
      [...registry.entries("servers")].every((entry) => registry.lookUp("servers", entry.pubkey, NOW_MS).ok),
    ).toBe(true);
  });

  it("reads every field", () => {
    const full = {
      expires_at: "2027-11-01T00:00:00.5Z",
      tools: ["read_file", "list_*"],
      targets: ["mcp://github"],
      principal: "agent://acme/bot",
      comment: "two\nlines",
    };
    const text = registryJson({ description: "", source: "git", agents: [entryOf("bot", full)] });
    const registry = parseTrustRegistry(text);
    expect(registry.header).toEqual({
      bundleId: "tb_test",
      org: "acme",
      env: "test",
      generatedAtMs: Date.UTC(2026, 10, 23),
      description: "",
      source: "git",
    });
    expect(registry.find("agents", keyOf("bot"))).toEqual({
      id: "bot",
      name: "bot",
      owner: "platform-team",
      pubkey: keyOf("bot"),
      status: "active",
      createdAtMs: Date.UTC(2026, 10, 1),
      expiresAtMs: Date.UTC(2027, 10, 1, 0, 0, 0, 500),
      tools: ["read_file", "list_*"],
      targets: ["mcp://github"],
      principal: "agent://acme/bot",
      comment: "two\nlines",
    });
  });

  it("reads the same from JSON, with tabs or none, as from YAML", () => {
    const yaml = [...parseTrustRegistry(registryYaml()).entries("agents")];
    for (const text of [
      registryJson(),
      JSON.stringify(registryOf()),
      JSON.stringify(registryOf(), null, "\t"),
    ]) {
      expect([...parseTrustRegistry(text).entries("agents")]).toEqual(yaml);
    }
  });

  it("reads sections that are left out as empty ones", () => {
    const registry = parseTrustRegistry(registryJson({ roots: undefined, servers: undefined }));
    expect([registry.count("roots"), registry.count("agents"), registry.count("servers")]).toEqual([0, 1, 0]);
  });

  it.each([
    ["a byte order mark", `\uFEFF${registryYaml()}`],
    ["lines that end in CR LF", registryYaml().replaceAll("\n", "\r\n")],
    ["a document start", `---\n${registryYaml()}`],
    ["a document end", `${registryYaml()}...\n`],
    ["no line break at the end", registryYaml().trimEnd()],
    ["a folded comment", registryYaml({ agent: "comment: >-\n  two\n  lines" })],
    ["a text over several lines", registryYaml({ agent: "comment: two\n  lines" })],
    ["escapes in quotes", registryYaml({ agent: "tools: [\"\\u0061\", 'it''s']" })],
    [
      "flow maps",
      registryYaml({ top: "roots: []" }).replace("roots: []", `roots: [${JSON.stringify(entryOf("root"))}]`),
    ],
    ["comments everywhere", registryYaml().replaceAll("\n", " # comment\n# and one more\n\n")],
    ["letters of other scripts", registryYaml({ agent: "comment: Größe 🦀 名前" })],
  ])("takes %s", (_, text) => {
    expect(faultOf(text)).toBeUndefined();
  });
});

describe("parseTrustRegistry refuses", () => {
  it.each([
    ["anchors", registryYaml({ agent: "comment: &a text" })],
    ["anchors on lists", registryYaml({ agent: "tools: &a [x]" })],
    ["anchors on names", registryYaml({ agent: "&a comment: x" })],
    ["aliases", registryYaml({ agent: "comment: &a text" }).replace("org: acme", "org: *a")],
    ["aliases to nothing", registryYaml({ agent: "comment: *a" })],
    ["a star without quotes", registryYaml({ agent: "tools: [whoami, *]" })],
    ["tags", registryYaml({ agent: "comment: !!str 1" })],
    ["tags that say nothing", registryYaml({ agent: "comment: ! 1" })],
    ["tags on lists", registryYaml({ agent: "tools: !!seq [x]" })],
    ["local tags", registryYaml({ agent: "comment: !secret x" })],
    ["%YAML", `%YAML 1.1\n---\n${registryYaml()}`],
    ["%TAG", `%TAG ! tag:example.com,2000:\n---\n${registryYaml()}`],
    ["a second document", `${registryYaml()}---\n${registryYaml()}`],
    ["a second document before", `---\n---\n${registryYaml()}`],
    ["tabs that indent", registryYaml({ agent: "tools:\n\t- x" })],
    ["an unclosed bracket", registryYaml({ agent: "tools: [x" })],
    ["an unclosed quote", registryYaml({ agent: 'comment: "x' })],
    ["lists as names", registryYaml({ agent: "? [a]\n: b" })],
    ["names without a value", registryYaml({ agent: "? comment" })],
    ["JSON cut short", registryJson().slice(0, -5)],
    ["JSON with a comma too many", registryJson().replace(/\}\s*$/, ",}}")],
    ["nothing", ""],
    ["only a comment", "# nothing\n"],
    ["a hundred thousand brackets", "[".repeat(100_000)],
    ["lists in lists in lists", registryYaml({ agent: "tools: [[[[[[[[[[[[x]]]]]]]]]]]]" })],
  ])("%s as not YAML, or too much of it", (_, text) => {
    expect(faultOf(text)?.code).toBe("registry_syntax");
  });

  it("what would multiply when it is read (a billion laughs)", () => {
    const laughs = Array.from(
      { length: 9 },
      (_, i) =>
        `a${i}: &a${i} [${Array(9)
          .fill(i === 0 ? "lol" : `*a${i - 1}`)
          .join(", ")}]`,
    );
    expect(faultOf(laughs.join("\n"))?.code).toBe("registry_syntax");
  });

  it.each([
    ["a misspelt field of an entry", registryYaml({ agent: "expire_at: 2027-11-01T00:00:00Z" })],
    ["a field with a capital", registryYaml({ agent: "Expires_at: 2027-11-01T00:00:00Z" })],
    ["an unknown field at the top", registryYaml({ top: "agent: []" })],
    ["a merge key", registryYaml({ agent: "<<: { tools: [] }" })],
    ["__proto__", registryYaml({ agent: "__proto__: { tools: [] }" })],
    ["__proto__ in JSON", registryJson().replace('"id"', '"__proto__": {}, "id"')],
    ["constructor", registryYaml({ top: "constructor: x" })],
    ["a field twice", registryYaml({ agent: "tools: [a]\ntools: [b]" })],
    ["a field twice in JSON", registryJson().replace('"id"', '"id": "x", "id"')],
    ["a field twice, once escaped", registryJson().replace('"id"', '"\\u0069d": "x", "id"')],
    ["a section twice", registryYaml({ top: "agents: []" })],
    ["tools on a root", registryJson({ roots: [entryOf("root", { tools: ["*"] })] })],
    ["tools on a server", registryJson({ servers: [entryOf("server", { tools: ["*"] })] })],
    [
      "an unknown field of limits",
      registryJson({ agents: [entryOf("bot", { limits: { max_calls: 1, window_seconds: 1, per: "x" } })] }),
    ],
    [
      "limits of nothing",
      registryJson({ agents: [entryOf("bot", { limits: { max_calls: 0, window_seconds: 1 } })] }),
    ],
    [
      "an unknown field of an authority",
      registryJson({ authorities: [entryOf("authority", { tools: [] })] }),
    ],
    ["a list where a map is due", "- a\n- b\n"],
    ["a text where a map is due", "registry\n"],
    ["a text where a list is due", registryYaml({ agent: "tools: read_file" })],
    ["a map where a list is due", registryYaml({ agent: "tools: { read_file: yes }" })],
    ["a list where a text is due", registryYaml({ agent: "comment: [x]" })],
    ["a text where an entry is due", registryJson({ agents: ["bot"] })],
    ["a section that is null", registryJson({ roots: null })],
    ["a section without a value", registryYaml({ top: "roots:" })],
    ["another version", registryJson({ version: 2 })],
    ["a version in quotes", registryJson({ version: "1" })],
    ["a version with a fraction", registryYaml().replace("version: 1", "version: 1.0")],
    ["no version", registryJson({ version: undefined })],
    ["no bundle_id", registryJson({ bundle_id: undefined })],
    ["no org", registryJson({ org: undefined })],
    ["no generated_at", registryJson({ generated_at: undefined })],
    ["an env in capitals", registryJson({ env: "PROD" })],
    ["an env of 33 characters", registryJson({ env: "a".repeat(33) })],
    ["an env that begins with a dash", registryJson({ env: "-prod" })],
    ["an env with a line break at the end", registryJson({ env: "prod\n" })],
    ["a blank org", registryJson({ org: " \u3000" })],
    ["an org of nothing that shows", registryJson({ org: "\u200B\uFEFF" })],
  ])("%s", (_, text) => {
    expect(faultOf(text)?.code).toBe("registry_invalid");
  });

  it.each([
    ["no id", { id: undefined }],
    ["a blank id", { id: "" }],
    ["a blank name", { name: "  " }],
    ["a blank owner", { owner: "\t" }],
    ["a name with a line break", { name: "a\nb" }],
    ["a name with half a surrogate pair", { name: "a\uD800" }],
    ["a name of 1,025 characters", { name: "a".repeat(1025) }],
    ["an unknown status", { status: "enabled" }],
    ["a status in capitals", { status: "Active" }],
    ["no status", { status: undefined }],
    ["no created_at", { created_at: undefined }],
    ["a time without a zone", { created_at: "2026-11-01T00:00:00" }],
    ["a time in another zone", { created_at: "2026-11-01T00:00:00+01:00" }],
    ["a date", { expires_at: "2027-11-01" }],
    ["a year", { expires_at: 2027 }],
    ["a day that there is not", { expires_at: "2027-02-29T00:00:00Z" }],
    ["an expires_at that is null", { expires_at: null }],
    ["an expires_at that is empty", { expires_at: "" }],
    ["an expires_at before created_at", { expires_at: "2026-10-31T23:59:59.999Z" }],
    ["disabled without disabled_at", { status: "disabled" }],
    ["revoked without revoked_at", { status: "revoked" }],
    ["active with revoked_at", { revoked_at: "2026-11-02T00:00:00Z" }],
    [
      "disabled with revoked_at",
      { status: "disabled", disabled_at: "2026-11-02T00:00:00Z", revoked_at: "2026-11-02T00:00:00Z" },
    ],
    ["active with disabled_at", { disabled_at: "2026-11-02T00:00:00Z" }],
    ["a tool that is a number", { tools: [1] }],
    ["a blank tool", { tools: [""] }],
    ["1,025 tools", { tools: Array(1025).fill("x") }],
    ["tools that are null", { tools: null }],
    ["a principal that is none", { principal: "acme/bot" }],
    ["a principal in capitals", { principal: "agent://Acme/bot" }],
    ["a comment that is null", { comment: null }],
    ["a comment with a NUL", { comment: "a\0b" }],
  ])("an entry with %s", (_, fields) => {
    expect(faultOf(registryJson({ agents: [entryOf("bot", fields)] }))?.code).toBe("registry_invalid");
  });

  it("an id twice, and a key twice, in one section", () => {
    const sameId = [entryOf("a"), entryOf("a", { pubkey: keyOf("b") })];
    const sameKey = [
      entryOf("a"),
      entryOf("b", { pubkey: keyOf("a"), status: "revoked", revoked_at: "2026-11-02T00:00:00Z" }),
    ];
    expect(faultOf(registryJson({ agents: sameId }))?.code).toBe("registry_invalid");
    expect(faultOf(registryJson({ agents: sameKey }))?.code).toBe("registry_invalid");
    expect(faultOf(registryJson({ agents: [entryOf("a")], servers: [entryOf("a")] }))).toBeUndefined();
  });

  it.each([
    "no",
    "Yes",
    "on",
    "true",
    "null",
    "~",
    "0x10",
    "0o17",
    "017",
    "1_000",
    "12e3",
    ".5",
    ".inf",
    "-.INF",
    ".nan",
    "1:30",
    "2026-11-01",
    "y",
  ])("a name %s without quotes, which not every YAML reader takes for a text", (name) => {
    expect(faultOf(registryYaml().replace("name: bot", `name: ${name}`))?.code).toBe("registry_invalid");
    expect(faultOf(registryYaml().replace("name: bot", `name: "${name}"`))).toBeUndefined();
  });

  it.each(["0x10g", "1st", "nobody", "1.2.3", "2026-11", "v1", "e5", "1:75"])(
    "no name like %s, which is a text everywhere",
    (name) => {
      expect(faultOf(registryYaml().replace("name: bot", `name: ${name}`))).toBeUndefined();
    },
  );

  it("authorities, whose feature is not built yet", () => {
    expect(faultOf(registryJson({ authorities: [entryOf("authority")] }))?.code).toBe("registry_unsupported");
    expect(faultOf(registryJson({ authorities: [] }))?.code).toBe("registry_unsupported");
  });

  it("an empty list of agents, or of servers where these are wanted", () => {
    expect(faultOf(registryJson({ agents: [] }))?.code).toBe("registry_empty");
    expect(faultOf(registryJson({ agents: undefined }))?.code).toBe("registry_empty");
    expect(faultOf(registryJson({ agents: [] }), { requireAgents: false })).toBeUndefined();
    expect(faultOf(registryJson(), { requireServers: true })?.code).toBe("registry_empty");
  });
});

describe("the error of parseTrustRegistry", () => {
  it.each([
    ["an unknown field", registryYaml({ agent: "expire_at: 2027-11-01T00:00:00Z" }), 13, 5],
    [
      "an unknown field in a file that is not plain",
      registryYaml({ agent: "comment: >-\n  x\nexpire_at: x" }),
      15,
      5,
    ],
    ["a value", registryYaml().replace("status: active", "status: enabled"), 11, 13],
    ["a field that is missing, at its entry", registryYaml().replace("    status: active\n", ""), 7, 5],
    ["a value in JSON", registryJson({ env: "PROD" }), 5, 10],
    ["an alias", registryYaml({ agent: "comment: *a" }), 13, 14],
    ["a value after a byte order mark", `\uFEFF${registryYaml().replace("version: 1", "version: 2")}`, 1, 10],
  ])("names file, line and column of %s", (_, text, line, column) => {
    const fault = faultOf(text, { file: "my.yaml" });
    expect(fault).toMatchObject({ file: "my.yaml", line });
    expect(fault?.message.startsWith(`my.yaml:${line}:${fault.column}: `)).toBe(true);
    expect(fault?.column).toBe(column);
  });

  it("names the unknown field", () => {
    expect(faultOf(registryYaml({ agent: "expire_at: x" }))?.message).toContain('"expire_at"');
  });

  it("does not repeat a key or the whole of a long value", () => {
    const fault = faultOf(registryJson({ agents: [entryOf("bot", { status: "x".repeat(1000) })] }));
    expect(fault?.message.length).toBeLessThan(300);
    const twice = [entryOf("a"), entryOf("b", { pubkey: keyOf("a") })];
    expect(faultOf(registryJson({ agents: twice }))?.message).not.toContain("ed25519:");
  });
});

describe("parseTrustRegistry, called wrongly,", () => {
  it.each([
    ["text", [Buffer.from(registryYaml())]],
    ["text", [undefined]],
    ["options", [registryYaml(), null]],
    ["options.requireTool", [registryYaml(), { requireTool: true }]],
    ["options.requireTools", [registryYaml(), { requireTools: "yes" }]],
    ["options.file", [registryYaml(), { file: 7 }]],
  ])("names %s", (option, parameters) => {
    expect(() => Reflect.apply(parseTrustRegistry, undefined, parameters)).toThrow(
      expect.objectContaining({ option }),
    );
  });
});
