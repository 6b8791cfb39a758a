import { writeFileSync } from "node:fs";
import { chmod, mkdir, readFile, readdir, readlink, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { describe, expect, it } from "vitest";

import { editRegistryFile } from "../../../src/trust/edit/index.js";
import type { RegistryEdit } from "../../../src/trust/edit/index.js";
import { entryOf, keyOf, registryJson, registryYaml } from "../support/registry-text.js";
import { openRegistryDir, temporaryDirectory } from "../support/registry-dir.js";
import { AT_MS, addition, parse, rotation, withFile } from "./support/edit-file.js";

const disableBot: RegistryEdit = { kind: "disable", section: "agents", id: "bot" };
const clock = (): number => AT_MS;

describe("the file that is written", () => {
  it.each([0o600, 0o640, 0o664, 0o444])("keeps its permissions: %o", async (mode) => {
    await withFile(registryYaml(), async (file) => {
      await chmod(file, mode);
      await editRegistryFile(file, disableBot, { clock });
      expect((await stat(file)).mode & 0o7777).toBe(mode);
      expect(await readdir(dirname(file))).toEqual(["registry.yaml"]);
    });
  });

  it("is the one that a link leads to", async () => {
    await withFile(registryYaml(), async (file) => {
      const link = join(dirname(file), "link");
      await symlink("registry.yaml", link);
      const { path } = await editRegistryFile(link, disableBot, { clock });
      expect(path).toBe(file);
      expect(await readlink(link)).toBe("registry.yaml");
      expect(await readFile(file, "utf8")).toContain("status: disabled");
    });
  });

  it("is another one where that is wanted", async () => {
    await withFile(registryYaml(), async (file) => {
      await chmod(file, 0o640);
      const output = join(dirname(file), "other.yaml");
      const { path } = await editRegistryFile(file, disableBot, { clock, output });
      expect(path).toBe(output);
      expect(parse(await readFile(output, "utf8")).header.generatedAtMs).toBe(AT_MS);
      const again = editRegistryFile(file, rotation("agents", "bot"), { clock, output });
      await expect(again).rejects.toMatchObject({ code: "registry_edit_invalid" });
      expect(await readFile(file, "utf8")).toBe(registryYaml());
      expect((await stat(output)).mode & 0o7777).toBe(0o640);
    });
  });

  it("is not there when it cannot be written", async () => {
    await withFile(registryYaml(), async (file) => {
      const output = join(dirname(file), "not", "there");
      await expect(editRegistryFile(file, disableBot, { output })).rejects.toMatchObject({
        code: "registry_edit_invalid",
        cause: { code: "ENOENT" },
      });
      const directory = join(dirname(file), "directory");
      await mkdir(directory);
      await expect(editRegistryFile(file, disableBot, { output: directory })).rejects.toMatchObject({
        code: "registry_edit_invalid",
      });
      expect(await readdir(dirname(file))).toEqual(["directory", "registry.yaml"]);
    });
  });
});

describe("a file that somebody else changes meanwhile", () => {
  it("is not written over", async () => {
    await withFile(registryYaml(), async (file) => {
      const other = registryYaml({ top: "description: theirs" });
      let looks = 0;
      const edit = editRegistryFile(file, disableBot, {
        clock: () => {
          // First the option is checked; the second look is between reading and writing.
          if (++looks === 2) writeFileSync(file, other);
          return AT_MS;
        },
      });
      await expect(edit).rejects.toMatchObject({ code: "registry_edit_invalid" });
      expect(await readFile(file, "utf8")).toBe(other);
      expect(await readdir(dirname(file))).toEqual(["registry.yaml"]);
    });
  });

  it("loses none of several edits at once: each is written or refused", async () => {
    await withFile(registryYaml(), async (file) => {
      const ids = Array.from({ length: 8 }, (_, index) => `new-${index}`);
      const results = await Promise.allSettled(
        ids.map((id) => editRegistryFile(file, addition("agents", { id, pubkey: keyOf(id) }))),
      );
      const written = ids.filter((_, index) => results[index]?.status === "fulfilled");
      const agents = [...parse(await readFile(file, "utf8")).entries("agents")];
      expect(written.length).toBeGreaterThan(0);
      expect(agents.map(({ id }) => id).sort()).toEqual(["bot", ...written].sort());
    });
  });
});

describe("a registry that is followed", () => {
  it("takes every edit", async () => {
    const limits = { max_calls: 5, window_seconds: 60 };
    const agents = [entryOf("bot", { tools: ["a"], targets: ["b"], limits }), entryOf("two")];
    await using dir = await openRegistryDir(registryJson({ agents }), { watch: false });
    const edits: readonly RegistryEdit[] = [
      rotation("agents", "bot", { overlapUntilMs: Date.UTC(2100, 0) }),
      { kind: "disable", section: "agents", id: "bot" },
      { kind: "revoke", section: "agents", id: "bot" },
      { kind: "revoke", section: "agents", id: "two" },
      addition("servers"),
    ];
    for (const [index, edit] of edits.entries()) {
      // A clock that stands still: each version has to be newer all the same.
      await editRegistryFile(dir.file, edit, { clock });
      await dir.registry.reload();
      expect(dir.registry.health().generation).toBe(index + 2);
    }
    const entry = dir.registry.current.find("agents", keyOf("new-1"));
    expect(entry).toMatchObject({ tools: ["a"], targets: ["b"], limits: { maxCalls: 5, windowMs: 60_000 } });
  });

  it("sees an edit by itself", async () => {
    await using dir = await openRegistryDir(registryYaml());
    const changed = dir.change(({ type }) => type === "replaced");
    await editRegistryFile(dir.file, { kind: "revoke", section: "agents", id: "bot" });
    await changed;
    expect(dir.registry.current.lookUp("agents", keyOf("bot"), AT_MS)).toMatchObject({ code: "key_revoked" });
  });

  it("takes an edit of the file that its link leads to", async () => {
    await using directory = await temporaryDirectory();
    await writeFile(join(directory.path, "real.yaml"), registryYaml());
    await symlink("real.yaml", join(directory.path, "link.yaml"));
    const { path } = await editRegistryFile(join(directory.path, "link.yaml"), disableBot, { clock });
    expect(path.endsWith("real.yaml")).toBe(true);
  });
});
