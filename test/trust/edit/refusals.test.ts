import { describe, expect, it } from "vitest";

import { OptionError } from "../../../src/errors.js";
import { editRegistryFile } from "../../../src/trust/edit/index.js";
import type { RegistryEdit } from "../../../src/trust/edit/index.js";
import { entryOf, keyOf, registryJson, registryYaml } from "../support/registry-text.js";
import { AT_MS, addition, refusalOf, rotation, withFile } from "./support/edit-file.js";

const TEXT = registryJson({
  agents: [
    entryOf("bot"),
    entryOf("off", { status: "disabled", disabled_at: "2026-11-02T00:00:00Z" }),
    entryOf("gone", { status: "revoked", revoked_at: "2026-11-02T00:00:00Z" }),
    entryOf("later", { created_at: "2027-01-01T00:00:00Z" }),
  ],
});

const on = (kind: "disable" | "revoke", id: string): RegistryEdit => ({ kind, section: "agents", id });

describe("an edit is refused, and the file stays,", () => {
  it.each<[string, RegistryEdit]>([
    ["that disables what is disabled", on("disable", "off")],
    ["that disables what is revoked", on("disable", "gone")],
    ["that revokes what is revoked", on("revoke", "gone")],
    ["that rotates what is disabled", rotation("agents", "off")],
    ["that rotates what is revoked", rotation("agents", "gone")],
    ["with an overlap that is over", rotation("agents", "bot", { overlapUntilMs: AT_MS })],
    [
      "with an overlap that ends before the first entry begins",
      rotation("agents", "later", { overlapUntilMs: AT_MS + 1 }),
    ],
    ["that adds an id that is taken", addition("agents", { id: "bot" })],
    ["that adds a key that is listed", addition("agents", { pubkey: keyOf("bot") })],
    ["that adds a key that is revoked in another section", addition("servers", { pubkey: keyOf("gone") })],
    ["that adds what is no key", addition("agents", { pubkey: "ed25519:AA==" })],
    ["that adds a key of small order", addition("agents", { pubkey: `ed25519:AQ${"A".repeat(41)}=` })],
    ["that adds what is not on the curve", addition("agents", { pubkey: `ed25519:Ag${"A".repeat(41)}=` })],
    ["that adds an end before its beginning", addition("agents", { expiresAtMs: 0 })],
    ["that adds no principal", addition("agents", { principal: "Bot" })],
    ["that adds tools to a server", addition("servers", { tools: [] })],
    ["that adds half a second", addition("agents", { limits: { maxCalls: 1, windowMs: 500 } })],
    ["that adds what is no list", addition("agents", { tools: "a" })],
    ["that adds half of a surrogate pair", addition("agents", { name: "a\uD800" })],
    ["that adds a name of two lines", addition("agents", { name: "a\nb" })],
  ])("%s", async (_, edit) => {
    expect(await refusalOf(TEXT, edit)).toMatchObject({ code: "registry_edit_invalid", cause: undefined });
  });

  it("of an id that there is not, and says which there are", async () => {
    const agents = Array.from({ length: 25 }, (_, index) => entryOf(`bot-${index}`));
    const { message } = await refusalOf(registryJson({ agents }), on("revoke", "nobody"));
    expect(message).toContain('"bot-19"');
    expect(message).not.toContain('"bot-20"');
    expect((await refusalOf(registryJson(), { ...on("revoke", "bot"), section: "roots" })).code).toBe(
      "registry_edit_invalid",
    );
  });

  it("and names the line of the entry that is in the way", async () => {
    const error = await refusalOf(registryYaml(), addition("agents", { pubkey: keyOf("bot") }));
    expect(error).toMatchObject({ code: "registry_edit_invalid", line: 7 });
    expect(error.message).toMatch(/registry\.yaml:7: .*"bot"/);
  });

  it("when the file does not hold", async () => {
    const edit = on("disable", "bot");
    const codes = [registryYaml({ top: "x: y" }), "a: [", registryYaml({ top: "source: &a b" }), ""].map(
      async (text) => (await refusalOf(text, edit)).code,
    );
    expect(await Promise.all(codes)).toEqual([
      "registry_invalid",
      "registry_syntax",
      "registry_syntax",
      "registry_syntax",
    ]);
    expect((await refusalOf(Uint8Array.of(0x61, 0xff), edit)).code).toBe("registry_syntax");
  });

  it("when generated_at cannot be later", async () => {
    const text = registryJson({ generated_at: "9999-12-31T23:59:59.999Z" });
    expect((await refusalOf(text, on("disable", "bot"))).code).toBe("registry_edit_invalid");
  });

  it("when the file is not there", async () => {
    const missing = withFile("", (file) => editRegistryFile(`${file}.not`, on("disable", "bot")));
    await expect(missing).rejects.toMatchObject({ code: "registry_not_found" });
  });
});

describe("what is no edit", () => {
  it.each<[unknown, string, string]>([
    [{ kind: "delete" }, "invalid_option", "edit.kind"],
    [{ kind: "toString" }, "invalid_option", "edit.kind"],
    [{ ...on("disable", "bot"), at: 1 }, "unknown_option", "edit.at"],
    [{ ...on("disable", "bot"), atMs: 1.5 }, "invalid_option", "edit.atMs"],
    [{ ...on("disable", "bot"), atMs: 1e15 }, "invalid_option", "edit.atMs"],
    [{ ...on("disable", "bot"), section: "authorities" }, "invalid_option", "edit.section"],
    [{ kind: "disable", section: "agents" }, "missing_option", "edit.id"],
    [{ kind: "rotate", section: "agents", id: "bot", newId: "b" }, "missing_option", "edit.newPubkey"],
    [{ kind: "add", section: "agents" }, "missing_option", "edit.entry"],
    [addition("agents", { tool: ["a"] }), "unknown_option", "edit.entry.tool"],
    [addition("agents", { expiresAtMs: "2027" }), "invalid_option", "edit.entry.expiresAtMs"],
    [undefined, "invalid_option", "edit"],
  ])("is the caller's fault: %j", async (edit, code, option) => {
    const error = await withFile(TEXT, (file) => editRegistryFile(file, edit as RegistryEdit)).catch(
      (error: unknown) => error,
    );
    expect(error).toBeInstanceOf(OptionError);
    expect(error).toMatchObject({ code, option });
  });

  it("nor are these options", async () => {
    const run = (options: object): Promise<unknown> =>
      withFile(TEXT, (file) => editRegistryFile(file, on("disable", "bot"), options));
    await expect(run({ out: "x" })).rejects.toMatchObject({ code: "unknown_option" });
    await expect(run({ output: "" })).rejects.toMatchObject({ option: "options.output" });
    await expect(run({ clock: 1 })).rejects.toMatchObject({ option: "options.clock" });
  });
});
