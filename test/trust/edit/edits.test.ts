import { readFileSync } from "node:fs";

import { describe, expect, it } from "vitest";

import type { RegistryEdit } from "../../../src/trust/edit/index.js";
import { entryOf, keyOf, registryJson, registryYaml } from "../support/registry-text.js";
import {
  AT,
  AT_MS,
  addition,
  changedLines,
  editText,
  entriesOf,
  parse,
  rotation,
} from "./support/edit-file.js";

const vector = (name: string): string =>
  readFileSync(new URL(`../../vectors/trust/${name}`, import.meta.url), "utf8");

const VECTOR_AT_MS = Date.UTC(2026, 2, 5);

/** What the released command made of bundle.json, and the edit that it was asked for (test/vectors/trust). */
const RELEASED: readonly (readonly [file: string, edit: RegistryEdit])[] = [
  ["disabled.yaml", { kind: "disable", section: "servers", id: "github-mcp" }],
  ["revoked.yaml", { kind: "revoke", section: "agents", id: "deploy-bot-1" }],
  [
    "rotated.yaml",
    {
      kind: "rotate",
      section: "agents",
      id: "deploy-bot-1",
      newId: "deploy-bot-2",
      newPubkey: "ed25519:pM91HglN49t8SvkjOANk1n1NuVYxghfhpTEaUkhQvDU=",
      overlapUntilMs: Date.UTC(2026, 5, 1),
    },
  ],
];

describe("an edit", () => {
  it.each(RELEASED)("means what it means to the released command: %s", async (file, edit) => {
    const { registry } = await editText(vector("bundle.json"), edit, VECTOR_AT_MS);
    const released = parse(vector(file));
    expect(registry.header).toEqual(released.header);
    expect(entriesOf(registry)).toEqual(entriesOf(released));
  });

  it.each(["disabled.yaml", "revoked.yaml", "rotated.yaml"])(
    "of what the released command wrote changes nothing else: %s",
    async (file) => {
      const before = vector(file);
      const { text } = await editText(before, { kind: "revoke", section: "roots", id: "alice" });
      expect(changedLines(before, text)).toEqual([
        "-generated_at: 2026-03-05T00:00:00Z",
        `+generated_at: ${AT}`,
        "-  status: active",
        "+  status: revoked",
        `+  revoked_at: ${AT}`,
      ]);
    },
  );

  it("sets generated_at past what it was when the clock is behind it", async () => {
    const { result, registry } = await editText(
      registryYaml(),
      { kind: "disable", section: "agents", id: "bot" },
      Date.UTC(2020, 0),
    );
    expect(registry.header.generatedAtMs).toBe(Date.UTC(2026, 10, 23) + 1);
    expect(result.generatedAtMs).toBe(registry.header.generatedAtMs);
    expect(result.after.disabledAtMs).toBe(Date.UTC(2020, 0));
  });
});

describe("disable and revoke", () => {
  it("say what was and what is", async () => {
    const { result } = await editText(registryYaml(), { kind: "disable", section: "agents", id: "bot" });
    expect(result).toMatchObject({ section: "agents", id: "bot", generatedAtMs: AT_MS });
    expect(result.before).toMatchObject({ status: "active" });
    expect(result.after).toEqual({ ...result.before, status: "disabled", disabledAtMs: AT_MS });
    expect("added" in result).toBe(false);
  });

  it("take the time that is given", async () => {
    const atMs = Date.UTC(2026, 10, 5, 1, 2, 3, 456);
    const { text } = await editText(registryYaml(), { kind: "revoke", section: "agents", id: "bot", atMs });
    expect(text).toContain("    revoked_at: 2026-11-05T01:02:03.456Z\n");
    expect(text).toContain(`generated_at: ${AT}\n`);
  });

  it("keep the time since when a revoked entry was disabled", async () => {
    const { registry } = await editText(vector("disabled.yaml"), {
      kind: "revoke",
      section: "servers",
      id: "github-mcp",
    });
    const [entry] = entriesOf(registry).servers;
    expect(entry).toMatchObject({ status: "revoked", disabledAtMs: VECTOR_AT_MS, revokedAtMs: AT_MS });
  });

  it("can date a revocation back, not forward", async () => {
    const atMs = Date.UTC(2026, 0, 15);
    const edit: RegistryEdit = { kind: "revoke", section: "agents", id: "old-bot", atMs };
    const { registry } = await editText(vector("bundle.json"), edit);
    expect(entriesOf(registry).agents[1]?.revokedAtMs).toBe(atMs);
  });
});

describe("rotate", () => {
  const RESTRICTIONS = {
    principal: "agent://acme/bot",
    tools: ["a", "list_*"],
    targets: ["mcp://x"],
    limits: { max_calls: 5, window_seconds: 60 },
  };
  const restricted = registryJson({ agents: [entryOf("bot", { ...RESTRICTIONS, owner: "ops" })] });

  it("carries over what restricts the first entry", async () => {
    const { result, registry } = await editText(restricted, rotation("agents", "bot"));
    const [old, added] = entriesOf(registry).agents;
    const { tools, targets, principal, limits, name, owner } = result.before ?? result.after;
    expect(added).toEqual({
      id: "new-1",
      pubkey: keyOf("new-1"),
      status: "active",
      createdAtMs: AT_MS,
      comment: "rotated from bot",
      name,
      owner,
      tools,
      targets,
      principal,
      limits,
    });
    expect(old).toEqual({ ...result.before, status: "disabled", disabledAtMs: AT_MS });
    expect(result.added).toEqual(added);
  });

  it("takes another name and owner", async () => {
    const { registry } = await editText(
      restricted,
      rotation("agents", "bot", { newName: "robot", newOwner: "dev" }),
    );
    expect(entriesOf(registry).agents[1]).toMatchObject({ name: "robot", owner: "dev" });
  });

  it("lets the first entry end with the overlap, but not later than it would have", async () => {
    const soon = AT_MS + 1000;
    const text = registryJson({
      agents: [entryOf("open"), entryOf("ends", { expires_at: "2026-11-25T00:00:00Z" })],
    });
    const expiry = async (id: string, overlapUntilMs: number): Promise<unknown> =>
      (await editText(text, rotation("agents", id, { overlapUntilMs }))).result.after;
    expect(await expiry("open", soon)).toMatchObject({ status: "active", expiresAtMs: soon });
    expect(await expiry("ends", soon)).toMatchObject({ status: "active", expiresAtMs: soon });
    expect(await expiry("ends", Date.UTC(2027, 0))).toMatchObject({ expiresAtMs: Date.UTC(2026, 10, 25) });
  });
});

describe("add", () => {
  it("writes all that an entry can say", async () => {
    const entry = {
      createdAtMs: Date.UTC(2026, 10, 1),
      expiresAtMs: Date.UTC(2027, 0),
      principal: "agent://acme/new",
      tools: ["read_file", "no", "a: b", "*", "0x10", "[x]", "{", "# c", "- d", "é"],
      targets: [],
      limits: { maxCalls: 1, windowMs: 60_000 },
      comment: 'Two lines,\n"quoted" and\ttabbed: # not a comment \u2028 \uFEFF',
    };
    for (const before of [registryYaml(), registryJson(), JSON.stringify(JSON.parse(registryJson()))]) {
      const { registry, result } = await editText(before, addition("agents", entry));
      const added = { id: "new-1", name: "new", owner: "platform-team", pubkey: keyOf("new-1"), ...entry };
      expect(entriesOf(registry).agents[1]).toEqual({ ...added, status: "active" });
      expect(result.after).toEqual({ ...added, status: "active" });
      expect("before" in result).toBe(false);
    }
  });

  it("gives the entry the time of the clock", async () => {
    const { result } = await editText(registryYaml(), addition("servers"));
    expect(result.after).toMatchObject({ status: "active", createdAtMs: AT_MS });
  });
});
