import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import type { RegistryEdit } from "../../../src/trust/edit/index.js";
import { GENERATED_AT, entryOf, keyOf, registryJson } from "../support/registry-text.js";
import { AT, AT_MS, addition, changedLines, editText, rotation } from "./support/edit-file.js";

const HEADER = `version: 1\nbundle_id: tb_test\norg: acme\nenv: test\ngenerated_at: ${GENERATED_AT}\n`;
const GENERATED = [`-generated_at: ${GENERATED_AT}`, `+generated_at: ${AT}`];
const CREATED = "2026-11-01T00:00:00Z";

const disableBot: RegistryEdit = { kind: "disable", section: "agents", id: "bot" };

/** Fields of an entry as lines; the first without its indentation. */
function block(id: string, indent: string, more = ""): string {
  const fields = [
    "name: x",
    "owner: ops",
    `pubkey: ${keyOf(id)}`,
    "status: active",
    `created_at: ${CREATED}`,
  ];
  return [`id: ${id}`, ...fields].join(`\n${indent}`) + more;
}

/** The lines that an entry is added with. */
function addedLines(dash: string, indent: string): readonly string[] {
  const fields = ["name: new", "owner: platform-team", `pubkey: ${keyOf("new-1")}`, "status: active"];
  return [`+${dash}id: new-1`, ...[...fields, `created_at: ${AT}`].map((line) => `+${indent}${line}`)];
}

async function diff(text: string, edit: RegistryEdit): Promise<readonly string[]> {
  return changedLines(text, (await editText(text, edit)).text);
}

describe("in YAML", () => {
  it("comments stay where they are", async () => {
    const text = `# first\n\n${HEADER}# before\nagents: # of the list\n  # of the entry\n  - id: bot # of the id
    # above
    name: x
    owner: ops
    pubkey: ${keyOf("bot")}
    status: active   # of the status
    # above created_at
    created_at: ${CREATED} # of created_at
    # below
    comment: z

  # after the entry
# before roots
roots: []
# last
# of all
`;
    expect(await diff(text, disableBot)).toEqual([
      ...GENERATED,
      "-    status: active   # of the status",
      "+    status: disabled   # of the status",
      `+    disabled_at: ${AT}`,
    ]);
    const edited = (await editText(text, addition("agents"))).text;
    expect(changedLines(text, edited)).toEqual([...GENERATED, ...addedLines("  - ", "    ")]);
    expect(edited).toContain("  # after the entry\n  - id: new-1\n");
    expect(edited).toMatch(
      /created_at: 2026-11-24T00:00:00Z\n# before roots\nroots: \[\]\n# last\n# of all\n$/,
    );
  });

  it("the sample keeps all but what is edited", async () => {
    const text = readFileSync(new URL("../../../config/registry.yaml", import.meta.url), "utf8");
    const changes = await diff(text, rotation("agents", "triage-bot-1"));
    expect(changes.slice(2)).toEqual([
      "-    status: active",
      "+    status: disabled",
      `+    disabled_at: ${AT}`,
      "+  - id: new-1",
      "+    name: triage-bot",
      "+    owner: support",
      `+    pubkey: ${keyOf("new-1")}`,
      "+    status: active",
      `+    created_at: ${AT}`,
      "+    principal: agent://acme/triage-bot",
      "+    limits: { max_calls: 100, window_seconds: 60 }",
      "+    comment: rotated from triage-bot-1",
      "+",
    ]);
  });

  it("an entry in braces stays in braces", async () => {
    const fields = (id: string, status: string, end: string): string =>
      `{ id: ${id}, name: x, owner: ops, pubkey: ${keyOf(id)}, status: ${status}, created_at: ${end} }`;
    const text = `${HEADER}agents:\n  - ${fields("bot", "active", CREATED)} # why\n`;
    const created = `created_at: ${AT}, comment: rotated from bot }`;
    expect(await diff(text, rotation("agents", "bot"))).toEqual([
      ...GENERATED,
      `-  - ${fields("bot", "active", CREATED)} # why`,
      `+  - ${fields("bot", "disabled", `${CREATED}, disabled_at: ${AT}`)} # why`,
      `+  - { id: new-1, name: x, owner: ops, pubkey: ${keyOf("new-1")}, status: active, ${created}`,
    ]);
  });

  it("braces over several lines stay so, with their comments and commas", async () => {
    const text = `${HEADER}agents: [
  {
    id: bot, name: x, # who
    owner: ops, pubkey: "${keyOf("bot")}",
    status: active, # on
    created_at: ${CREATED}, # since
    comment: z # last
  }, # of the entry
]
`;
    expect(await diff(text, disableBot)).toEqual([
      ...GENERATED,
      "-    status: active, # on",
      "+    status: disabled, # on",
      `+    disabled_at: ${AT},`,
    ]);
    const edited = (await editText(text, addition("agents"))).text;
    const added = `  }, # of the entry\n  {\n    id: new-1,\n    name: new,\n    owner: platform-team,\n    pubkey: "${keyOf("new-1")}",\n    status: active,\n    created_at: ${AT}\n  },\n]\n`;
    expect(edited.endsWith(added)).toBe(true);
  });

  it("quotes stay, and what is new is quoted like what is there", async () => {
    const single = block("bot", "    ")
      .replace("status: active", "status: 'active'")
      .replace(CREATED, `"${CREATED}"`);
    expect(await diff(`${HEADER}agents:\n  - ${single}\n`, disableBot)).toEqual([
      ...GENERATED,
      "-    status: 'active'",
      "+    status: 'disabled'",
      `+    disabled_at: "${AT}"`,
    ]);
  });

  it("a value on lines of its own stays there", async () => {
    const folded = block("bot", "    ")
      .replace("status: active", "status: >- # s\n      active")
      .replace(CREATED, `\n      ${CREATED}`);
    const text = `${HEADER}agents:\n  -\n    ${folded}\n`;
    expect(await diff(text, disableBot)).toEqual([
      ...GENERATED,
      "-      active",
      "+      disabled",
      `+    disabled_at: ${AT}`,
    ]);
  });

  it("an entry that ends with a block of text is not run into", async () => {
    const more = "\n    comment: |\n      a\n      # b\n\n      c\n";
    const text = `${HEADER}agents:\n  - ${block("bot", "    ", more)}  # after\n\n`;
    expect(await diff(text, addition("agents"))).toEqual([...GENERATED, ...addedLines("  - ", "    ")]);
  });

  it("line breaks of Windows stay", async () => {
    const text = `${HEADER}agents:\n- ${block("bot", "  ")}\nroots: []\n`.replaceAll("\n", "\r\n");
    for (const edit of [rotation("agents", "bot"), addition("roots"), addition("servers")]) {
      const edited = (await editText(text, edit)).text;
      expect(edited.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
    }
  });

  it("a file that does not end with a line break still does not", async () => {
    const text = `${HEADER}agents:\n- ${block("bot", "  ")}`;
    const edited = (await editText(text, rotation("agents", "bot"))).text;
    expect(edited).toMatch(
      /disabled_at: 2026-11-24T00:00:00Z\n- id: new-1\n[^]*\n {2}comment: rotated from bot$/,
    );
  });

  it("a byte order mark, a document's start and its end stay", async () => {
    const text = `\uFEFF# c\n---\n${HEADER}agents:\n- ${block("bot", "  ")}\n...\n`;
    const edited = (await editText(text, rotation("agents", "bot"))).text;
    expect(edited.startsWith("\uFEFF# c\n---\n")).toBe(true);
    expect(edited.endsWith("comment: rotated from bot\n...\n")).toBe(true);
  });

  it("a section that is empty or missing is filled", async () => {
    const agents = `agents:\n  - ${block("bot", "    ")}\n`;
    const lines = addedLines("  - ", "    ");
    expect(await diff(`${HEADER}# c\nroots: [ ] # none\n${agents}`, addition("roots"))).toEqual([
      ...GENERATED,
      "-roots: [ ] # none",
      "+roots: # none",
      ...lines,
    ]);
    expect(await diff(`${HEADER}${agents}\n# end\n`, addition("roots"))).toEqual([
      ...GENERATED,
      "+roots:",
      ...lines,
    ]);
    expect(await diff(`${HEADER}# c\nagents: []\n`, addition("agents"))).toEqual([
      ...GENERATED,
      "-agents: []",
      "+agents:",
      ...lines,
    ]);
    const commented = `${HEADER}${agents}roots: [\n  # none\n  ]\n`;
    expect((await editText(commented, addition("roots"))).text).toContain(
      "# none\n  { id: new-1, name: new,",
    );
  });

  it("entries that stand apart stay apart", async () => {
    const text = `${HEADER}agents:\n  - ${block("bot", "    ")}\n\n  - ${block("two", "    ")}\n# end\n`;
    const edited = (await editText(text, addition("agents"))).text;
    expect(edited).toContain(`created_at: ${CREATED}\n\n  - id: new-1\n`);
    expect(edited.endsWith(`created_at: ${AT}\n# end\n`)).toBe(true);
  });

  it("the width of the dash is that of the others", async () => {
    const text = `${HEADER}agents:\n -   ${block("bot", "     ")}\n`;
    expect(await diff(text, addition("agents"))).toEqual([...GENERATED, ...addedLines(" -   ", "     ")]);
  });

  it("a long list is not one long line", async () => {
    const tools = Array.from({ length: 30 }, (_, index) => `tool_number_${index}`);
    const edited = (await editText(`${HEADER}agents: []\n`, addition("agents", { tools }))).text;
    expect(edited).toContain("    tools:\n      - tool_number_0\n      - tool_number_1\n");
  });
});

describe("in JSON", () => {
  const fields = { agents: [entryOf("bot", { tools: ["a"] }), entryOf("two")], servers: undefined };
  const registry: Record<string, unknown> = JSON.parse(registryJson(fields));
  const newEntry = {
    id: "new-1",
    name: "new",
    owner: "platform-team",
    pubkey: keyOf("new-1"),
    status: "active",
    created_at: AT,
    tools: ["b", "c"],
    limits: { max_calls: 1, window_seconds: 2 },
  };
  const more = { tools: ["b", "c"], limits: { maxCalls: 1, windowMs: 2000 } };

  it.each([0, 1, 2, 4, "\t"])("the indentation stays: %j", async (indent) => {
    const write = (value: unknown): string => JSON.stringify(value, null, indent);
    const [bot, ...others] = fields.agents;
    const edited = { ...registry, generated_at: AT };
    expect((await editText(write(registry), disableBot)).text).toBe(
      write({
        ...edited,
        agents: [entryOf("bot", { status: "disabled", disabled_at: AT, tools: ["a"] }), ...others],
      }),
    );
    expect((await editText(write(registry), addition("agents", more))).text).toBe(
      write({ ...edited, agents: [bot, ...others, newEntry] }),
    );
    const { limits: _, tools: __, ...plain } = newEntry;
    expect((await editText(write(registry), addition("roots"))).text).toBe(
      write({ ...edited, roots: [plain] }),
    );
    expect((await editText(write(registry), addition("servers"))).text).toBe(
      write({ ...edited, servers: [plain] }),
    );
  });

  it("one line with spaces stays one", async () => {
    const spaced = (value: unknown): string =>
      JSON.stringify(value).replaceAll(/(?<=[",\]}])([:,])(?=["[{\d])/g, "$1 ");
    const { text } = await editText(spaced(registry), addition("agents"));
    const { limits: _, tools: __, ...plain } = newEntry;
    expect(text).toBe(spaced({ ...registry, generated_at: AT, agents: [...fields.agents, plain] }));
  });

  it("lists on one line within an entry of many stay so", async () => {
    const text = registryJson(fields).replace(/\[\s+"a"\s+\]/, '["a"]');
    const bot = { agents: [entryOf("bot", { tools: ["a"] })] };
    const single = registryJson(bot).replace(/\[\s+"a"\s+\]/, '["a"]');
    expect((await editText(text, disableBot)).text).toContain('"tools": ["a"]');
    expect((await editText(single, addition("agents", more))).text).toContain('"tools": ["b", "c"],');
  });

  it("entries whose braces follow the bracket at once stay so", async () => {
    const bot = registryJson({ servers: undefined });
    const text = bot.replace(/"agents": \[\s+\{/, '"agents": [{').replace(/\}\s+\]/, "}]");
    const edited = await editText(text, addition("agents"));
    expect(edited.result.after.createdAtMs).toBe(AT_MS);
    expect(edited.text).toMatch(/\}, \{\n {6}"id": "new-1",[^]*"\n {4}\}\]\n/);
  });
});
