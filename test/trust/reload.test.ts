import { describe, expect, it } from "vitest";

import { TrustRegistryError } from "../../src/errors.js";
import { NOW_MS, entryOf, keyOf, registryJson } from "./support/registry-text.js";
import type { EntryFields, RegistryFields } from "./support/registry-text.js";
import { openRegistryDir } from "./support/registry-dir.js";

const REVOKED = { status: "revoked", revoked_at: "2026-11-02T00:00:00Z" };
const DISABLED = { status: "disabled", disabled_at: "2026-11-02T00:00:00Z" };

const withBot = (fields: EntryFields): RegistryFields => ({
  agents: [entryOf("bot", fields), entryOf("other")],
});

/** Reloads through versions of a file; gives for each the code it was refused with, or `ok`. */
async function reloadThrough(
  first: RegistryFields,
  ...next: readonly RegistryFields[]
): Promise<readonly string[]> {
  await using dir = await openRegistryDir(registryJson(first), { watch: false });
  const codes: string[] = [];
  for (const fields of next) {
    const before = dir.registry.current;
    await dir.replace(registryJson(fields));
    const code = await dir.registry.reload().then(() => "ok", codeOf);
    codes.push(code);
    if (code !== "ok") expect(dir.registry.current).toBe(before);
    expect(dir.registry.health().lastError?.code ?? "ok").toBe(code);
  }
  return codes;
}

function codeOf(error: unknown): string {
  if (error instanceof TrustRegistryError) return error.code;
  throw error;
}

describe("a reload", () => {
  it("takes a new version: keys come, go, are disabled, are revoked", async () => {
    await using dir = await openRegistryDir(
      registryJson({ agents: [entryOf("a"), entryOf("b"), entryOf("c")] }),
      { watch: false },
    );
    const first = dir.registry.current;
    await dir.replace(
      registryJson({ agents: [entryOf("a", REVOKED), entryOf("b", DISABLED), entryOf("d")] }),
    );
    await dir.registry.reload();
    const second = dir.registry.current;
    const codes = ["a", "b", "c", "d"].map((id) => {
      const found = second.lookUp("agents", keyOf(id), NOW_MS);
      return found.ok ? "ok" : found.code;
    });
    expect(codes).toEqual(["key_revoked", "key_disabled", "untrusted_signer", "ok"]);
    expect(first.lookUp("agents", keyOf("a"), NOW_MS).ok).toBe(true);
  });

  it("of a file that has not changed changes nothing", async () => {
    await using dir = await openRegistryDir(registryJson(), { watch: false });
    const before = dir.registry.current;
    await dir.replace(registryJson());
    await dir.registry.reload();
    expect(dir.registry.current).toBe(before);
    expect(dir.registry.health().generation).toBe(1);
  });

  it("keeps the keys that were checked", async () => {
    await using dir = await openRegistryDir(registryJson(withBot({})), { watch: false });
    const before = dir.registry.current.lookUp("agents", keyOf("bot"), NOW_MS);
    await dir.replace(registryJson(withBot({ comment: "changed" })));
    await dir.registry.reload();
    const after = dir.registry.current.lookUp("agents", keyOf("bot"), NOW_MS);
    expect(after.ok && before.ok && after.key === before.key && after.entry !== before.entry).toBe(true);
  });

  it.each(["tools", "targets", "principal"])(
    "refuses a version in which a key that stays loses its %s",
    async (name) => {
      const value = name === "principal" ? "agent://acme/bot" : ["x"];
      expect(
        await reloadThrough(withBot({ [name]: value }), withBot({}), withBot({ [name]: value })),
      ).toEqual(["registry_regressed", "ok"]);
    },
  );

  it("refuses a version in which a server that stays loses its targets", async () => {
    const servers = (fields: EntryFields): RegistryFields => ({ servers: [entryOf("server", fields)] });
    expect(await reloadThrough(servers({ targets: ["x"] }), servers({}))).toEqual(["registry_regressed"]);
  });

  it("takes a version in which a scope is widened in so many words, or narrowed", async () => {
    expect(
      await reloadThrough(
        withBot({ tools: ["x"] }),
        withBot({ tools: ["*"] }),
        withBot({ tools: [] }),
        withBot({ tools: ["y"] }),
      ),
    ).toEqual(["ok", "ok", "ok"]);
  });

  it("takes a version in which the key is gone, with its restriction", async () => {
    expect(await reloadThrough(withBot({ tools: ["x"] }), { agents: [entryOf("other")] })).toEqual(["ok"]);
  });

  it.each([
    ["active", {}],
    ["disabled", DISABLED],
  ])("refuses a version in which a revoked key is %s", async (_, fields) => {
    expect(await reloadThrough(withBot(REVOKED), withBot(fields))).toEqual(["registry_regressed"]);
  });

  it("takes a version in which a disabled key is active again", async () => {
    expect(await reloadThrough(withBot(DISABLED), withBot({}))).toEqual(["ok"]);
  });

  it("takes a version in which a revoked key is gone, and refuses one in which it is back", async () => {
    const gone = { agents: [entryOf("other")] };
    expect(await reloadThrough(withBot(REVOKED), gone, gone, withBot({}), withBot(REVOKED))).toEqual([
      "ok",
      "ok",
      "registry_regressed",
      "ok",
    ]);
  });

  it("does not remember a revocation of a version that was refused", async () => {
    const older = { ...withBot(REVOKED), generated_at: "2026-11-22T00:00:00Z" };
    expect(await reloadThrough(withBot({}), older, withBot({ comment: "x" }))).toEqual([
      "registry_regressed",
      "ok",
    ]);
  });

  it("looks at a key's revocation in all sections", async () => {
    const pubkey = keyOf("bot");
    const both = (agent: EntryFields, server: EntryFields): RegistryFields => ({
      agents: [entryOf("bot", agent)],
      servers: [entryOf("server", { pubkey, ...server })],
    });
    // Active as a server all along: revoked as an agent, it is revoked.
    expect(await reloadThrough(both(REVOKED, {}), both(REVOKED, { comment: "x" }), both({}, {}))).toEqual([
      "ok",
      "registry_regressed",
    ]);
    expect(await reloadThrough(both(REVOKED, {}), both({}, REVOKED))).toEqual(["ok"]);
  });

  it("refuses a version that was generated before the one in use", async () => {
    const at = (time: string): RegistryFields => ({ generated_at: time, description: time });
    expect(
      await reloadThrough(
        at("2026-11-23T00:00:00Z"),
        at("2026-11-22T23:59:59.999Z"),
        { ...at("2026-11-23T00:00:00Z"), description: "same time" },
        at("2026-11-23T00:00:01Z"),
        at("2026-11-23T00:00:00Z"),
      ),
    ).toEqual(["registry_regressed", "ok", "ok", "registry_regressed"]);
  });

  it("names the line of the key that lost something", async () => {
    const first = registryJson(withBot({ tools: ["x"] }));
    await using dir = await openRegistryDir(first, { watch: false });
    const next = registryJson({ agents: [entryOf("other"), entryOf("bot")] });
    await dir.replace(next);
    const line = next.split("\n").findIndex((text) => text.includes('"id": "bot"'));
    await expect(dir.registry.reload()).rejects.toMatchObject({
      code: "registry_regressed",
      file: dir.file,
      line,
    });
  });

  it.each([
    ["cut in half", registryJson().slice(0, 200), "registry_syntax"],
    ["empty", "", "registry_syntax"],
    ["not a registry", "{}", "registry_invalid"],
    ["without agents", registryJson({ agents: [] }), "registry_empty"],
    ["with a field whose feature is not built", registryJson({ authorities: [] }), "registry_unsupported"],
  ])("keeps the old version when the new one is %s", async (_, text, code) => {
    await using dir = await openRegistryDir(registryJson(), { watch: false });
    const before = dir.registry.current;
    await dir.replace(text);
    await expect(dir.registry.reload()).rejects.toMatchObject({ code });
    expect(dir.registry.current).toBe(before);
  });

  it("reports since when and why the file is bad, until it is good again", async () => {
    let now = 1000;
    await using dir = await openRegistryDir(registryJson(), { watch: false, clock: () => now });
    expect(dir.registry.health()).toEqual({ file: dir.file, generation: 1, loadedAtMs: 1000 });
    now = 2000;
    await dir.replace("{}");
    await expect(dir.registry.reload()).rejects.toThrow();
    now = 3000;
    await expect(dir.registry.reload()).rejects.toThrow();
    expect(dir.registry.health()).toMatchObject({
      generation: 1,
      staleSinceMs: 2000,
      lastError: { code: "registry_invalid" },
    });
    now = 4000;
    await dir.replace(registryJson());
    await dir.registry.reload();
    expect(dir.registry.health()).toEqual({ file: dir.file, generation: 1, loadedAtMs: 1000 });
    await dir.replace(registryJson(withBot({})));
    await dir.registry.reload();
    expect(dir.registry.health()).toEqual({ file: dir.file, generation: 2, loadedAtMs: 4000 });
  });

  it("tells listeners once for each fault, and survives those that throw", async () => {
    await using dir = await openRegistryDir(registryJson(), { watch: false });
    const told: string[] = [];
    dir.registry.onChange(() => {
      throw new Error("listener");
    });
    const stop = dir.registry.onChange((change) =>
      told.push(change.type === "refused" ? change.error.code : change.type),
    );
    const reload = (): Promise<void> => dir.registry.reload().catch(() => undefined);
    await dir.replace("{}");
    await reload();
    await reload();
    await dir.replace("[");
    await reload();
    await dir.replace(registryJson());
    await reload();
    await reload();
    await dir.replace(registryJson(withBot({})));
    await reload();
    stop();
    await dir.replace("{}");
    await reload();
    expect(told).toEqual(["registry_invalid", "registry_syntax", "restored", "replaced"]);
    expect(dir.registry.health().listenerError).toMatchObject({ message: "listener" });
  });

  it("survives listeners that reject", async () => {
    await using dir = await openRegistryDir(registryJson(), { watch: false });
    dir.registry.onChange(() => Promise.reject(new Error("rejected")));
    await dir.replace(registryJson(withBot({})));
    await dir.registry.reload();
    expect(dir.registry.health().listenerError).toMatchObject({ message: "rejected" });
  });

  it("reads the file as it is after the call, however many calls there are", async () => {
    await using dir = await openRegistryDir(registryJson(), { watch: false });
    const first = dir.registry.reload();
    await dir.replace(registryJson(withBot({})));
    await Promise.all([first, dir.registry.reload(), dir.registry.reload()]);
    expect(dir.registry.current.count("agents")).toBe(2);
    expect(dir.registry.health().generation).toBe(2);
  });

  it("after close is refused, and the version in use stays readable", async () => {
    await using dir = await openRegistryDir(registryJson());
    const running = dir.registry.reload().then(() => "ok", codeOf);
    await dir.registry.close();
    expect(["ok", "registry_closed"]).toContain(await running);
    await expect(dir.registry.reload()).rejects.toMatchObject({ code: "registry_closed" });
    expect(dir.registry.current.lookUp("agents", keyOf("bot"), NOW_MS).ok).toBe(true);
    await dir.registry.close();
  });
});
