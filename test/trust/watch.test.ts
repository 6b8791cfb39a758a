import { execFile } from "node:child_process";
import { mkdir, open, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { delay } from "../../src/lib/delay.js";
import { openTrustRegistry } from "../../src/trust/open.js";
import {
  followChanges,
  hasAgent,
  isRefused,
  openRegistryDir,
  temporaryDirectory,
} from "./support/registry-dir.js";
import type { RegistryDir } from "./support/registry-dir.js";
import { entryOf, keyOf, registryJson, registryYaml, NOW_MS } from "./support/registry-text.js";

const withAgent = (name: string): string => registryJson({ agents: [entryOf(name)] });

describe("a registry that is watched", () => {
  it("follows a file that is renamed over it, again and again", async () => {
    await using dir = await openRegistryDir(withAgent("v1"));
    for (const name of ["v2", "v3", "v4"]) {
      await dir.replace(withAgent(name));
      await dir.change(hasAgent(name));
      expect(dir.registry.current.lookUp("agents", keyOf(name), NOW_MS).ok).toBe(true);
    }
    expect(dir.registry.health().generation).toBe(4);
  });

  it("follows a file that is written in place", async () => {
    await using dir = await openRegistryDir(withAgent("v1"));
    for (const name of ["v2", "v3"]) {
      await writeFile(dir.file, withAgent(name));
      await dir.change(hasAgent(name));
    }
  });

  it("follows an editor that moves the old file away and writes a new one", async () => {
    await using dir = await openRegistryDir(withAgent("v1"));
    for (const name of ["v2", "v3"]) {
      await rename(dir.file, `${dir.file}~`);
      await writeFile(dir.file, withAgent(name));
      await dir.change(hasAgent(name));
    }
  });

  it("follows a link on the way to it that is swapped, as Kubernetes does", async () => {
    await using root = await temporaryDirectory();
    const publish = async (version: string): Promise<void> => {
      await mkdir(join(root.path, `..${version}`));
      await writeFile(join(root.path, `..${version}`, "registry.yaml"), withAgent(version));
      await symlink(`..${version}`, join(root.path, "..data_tmp"));
      await rename(join(root.path, "..data_tmp"), join(root.path, "..data"));
    };
    await publish("v1");
    await symlink(join("..data", "registry.yaml"), join(root.path, "registry.yaml"));
    await using registry = await openTrustRegistry(join(root.path, "registry.yaml"));
    const change = followChanges(registry);
    for (const version of ["v2", "v3"]) {
      await publish(version);
      await change(hasAgent(version));
    }
    await rm(join(root.path, "..v1"), { recursive: true });
    await publish("v4");
    await change(hasAgent("v4"));
  });

  it("follows the file that a link leads to, in another directory", async () => {
    await using dir = await openRegistryDir(withAgent("v1"));
    await using root = await temporaryDirectory();
    const link = join(root.path, "link.yaml");
    await symlink(dir.file, link);
    await using registry = await openTrustRegistry(link);
    const change = followChanges(registry);
    await dir.replace(withAgent("v2"));
    await change(hasAgent("v2"));
    await writeFile(join(root.path, "other.yaml"), withAgent("v3"));
    await symlink(join(root.path, "other.yaml"), `${link}.new`);
    await rename(`${link}.new`, link);
    await change(hasAgent("v3"));
  });

  it("follows a directory above it that is swapped", async () => {
    await using root = await temporaryDirectory();
    const publish = async (version: string): Promise<void> => {
      await mkdir(join(root.path, version));
      await writeFile(join(root.path, version, "registry.yaml"), withAgent(version));
    };
    await publish("v1");
    await publish("v2");
    await rename(join(root.path, "v1"), join(root.path, "live"));
    await using registry = await openTrustRegistry(join(root.path, "live", "registry.yaml"), {
      pollMs: 1000,
    });
    const change = followChanges(registry);
    await rename(join(root.path, "live"), join(root.path, "old"));
    await rename(join(root.path, "v2"), join(root.path, "live"));
    await change(hasAgent("v2"));
    await writeFile(join(root.path, "live", "registry.yaml"), withAgent("v3"));
    await change(hasAgent("v3"));
  });

  it("keeps the old version while the file is half written, and takes the whole one", async () => {
    await using dir = await openRegistryDir(withAgent("v1"));
    const text = withAgent("v2");
    const handle = await open(dir.file, "w");
    await handle.write(text.slice(0, 300));
    await dir.change(isRefused("registry_syntax"));
    expect(dir.registry.current.lookUp("agents", keyOf("v1"), NOW_MS).ok).toBe(true);
    await handle.write(text.slice(300));
    await handle.close();
    await dir.change(hasAgent("v2"));
    expect(dir.registry.health().staleSinceMs).toBeUndefined();
  });

  it("keeps the old version when the file is gone, and takes it up when it is back", async () => {
    await using dir = await openRegistryDir(withAgent("v1"));
    await rm(dir.file);
    await dir.change(isRefused("registry_not_found"));
    expect(dir.registry.current.lookUp("agents", keyOf("v1"), NOW_MS).ok).toBe(true);
    expect(dir.registry.health()).toMatchObject({ generation: 1, lastError: { code: "registry_not_found" } });
    await writeFile(dir.file, withAgent("v1"));
    await dir.change((change) => change.type === "restored");
    expect(dir.registry.health()).toMatchObject({ generation: 1 });
    expect(dir.registry.health().lastError).toBeUndefined();
    await rm(dir.file);
    await dir.change(isRefused("registry_not_found"));
    await writeFile(dir.file, withAgent("v2"));
    await dir.change(hasAgent("v2"));
  });

  it("keeps the old version when its directory is gone, and takes the file up when it is back", async () => {
    await using root = await temporaryDirectory();
    const directory = join(root.path, "config");
    await mkdir(directory);
    await writeFile(join(directory, "registry.yaml"), withAgent("v1"));
    await using registry = await openTrustRegistry(join(directory, "registry.yaml"), { pollMs: 1000 });
    const change = followChanges(registry);
    await rm(directory, { recursive: true });
    await change(isRefused("registry_not_found"));
    await mkdir(directory);
    await writeFile(join(directory, "registry.yaml"), withAgent("v2"));
    await change(hasAgent("v2"));
  });

  it("keeps the old version when the file is replaced by a directory", async () => {
    await using dir = await openRegistryDir(withAgent("v1"));
    await rm(dir.file);
    await mkdir(dir.file);
    await dir.change(isRefused("registry_unreadable"));
    expect(dir.registry.current.lookUp("agents", keyOf("v1"), NOW_MS).ok).toBe(true);
    await rm(dir.file, { recursive: true });
    await writeFile(dir.file, withAgent("v2"));
    await dir.change(hasAgent("v2"));
  });

  it("keeps the old version when the new one loses a restriction or goes back in time", async () => {
    const version = (fields: object, generatedAt: string): string =>
      registryJson({ generated_at: generatedAt, agents: [entryOf("bot", { ...fields })] });
    await using dir = await openRegistryDir(version({ tools: ["x"] }, "2026-11-23T00:00:00Z"));
    await dir.replace(version({}, "2026-11-24T00:00:00Z"));
    await dir.change(isRefused("registry_regressed"));
    await dir.replace(version({ tools: ["x", "y"] }, "2026-11-22T00:00:00Z"));
    await dir.change(isRefused("registry_regressed"));
    await dir.replace(version({ tools: ["x", "y"] }, "2026-11-24T00:00:00Z"));
    await dir.change((change) => change.type === "replaced");
    expect(dir.registry.current.find("agents", keyOf("bot"))?.tools).toEqual(["x", "y"]);
  });

  it("is told nothing when the file is touched, or written anew with the same content", async () => {
    await using dir = await openRegistryDir(withAgent("v1"));
    const told: string[] = [];
    dir.registry.onChange((change) => told.push(change.type));
    await utimes(dir.file, 1, 1);
    await dir.replace(withAgent("v1"));
    await dir.registry.reload();
    await dir.replace(withAgent("v2"));
    await dir.change(hasAgent("v2"));
    expect(told).toEqual(["replaced"]);
  });

  it("ends with the version that was put last, whatever happened to the file before", async () => {
    type Act = (dir: RegistryDir) => Promise<void>;
    const acts = fc.constantFrom<Act>(
      (dir) => dir.replace(withAgent("passing")),
      (dir) => writeFile(dir.file, withAgent("passing")),
      (dir) => writeFile(dir.file, withAgent("half").slice(0, 250)),
      (dir) => rm(dir.file, { force: true }),
      (dir) => rm(dir.file, { force: true }).then(() => mkdir(dir.file)),
      (dir) => symlink("nowhere", `${dir.file}.link`).then(() => rename(`${dir.file}.link`, dir.file)),
      (dir) => dir.registry.reload().catch(() => undefined),
      () => delay(60).then(() => undefined),
    );
    const plans = fc.array(acts, { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        await using dir = await openRegistryDir(withAgent("first"));
        for (const act of plan) {
          // A directory is in the way of most of these; so it would be of anybody else.
          await act(dir).catch(() => rm(dir.file, { recursive: true, force: true }));
        }
        await rm(dir.file, { recursive: true, force: true });
        await writeFile(dir.file, withAgent("last"));
        await dir.change(hasAgent("last"));
        expect(dir.registry.health().lastError).toBeUndefined();
      }),
      { numRuns: 12 },
    );
  });

  it("does not follow anything once it is closed", async () => {
    await using dir = await openRegistryDir(withAgent("v1"));
    await using other = await openTrustRegistry(dir.file);
    const change = followChanges(other);
    await dir.registry.close();
    await dir.replace(withAgent("v2"));
    await change(hasAgent("v2"));
    expect(dir.registry.current.find("agents", keyOf("v1"))).toBeDefined();
  });
});

describe("openTrustRegistry", () => {
  it.each([
    ["that is not there", async () => undefined, "registry_not_found"],
    ["that is a directory", (file: string) => mkdir(file), "registry_unreadable"],
    ["that is a named pipe", (file: string) => promisify(execFile)("mkfifo", [file]), "registry_unreadable"],
    [
      "that is not UTF-8",
      (file: string) => writeFile(file, Buffer.from(registryYaml({ agent: "comment: é" }), "latin1")),
      "registry_syntax",
    ],
    [
      "that is UTF-16",
      (file: string) => writeFile(file, `\uFEFF${registryYaml()}`, "utf16le"),
      "registry_syntax",
    ],
    ["that does not hold", (file: string) => writeFile(file, "{}"), "registry_invalid"],
    [
      "of 65 MiB",
      async (file: string) => {
        const handle = await open(file, "w");
        await handle.truncate(65 * 1024 * 1024);
        await handle.close();
      },
      "registry_too_large",
    ],
  ])("refuses a file %s", async (_, make, code) => {
    await using root = await temporaryDirectory();
    const file = join(root.path, "registry.yaml");
    await make(file);
    await expect(openTrustRegistry(file)).rejects.toMatchObject({ code, file });
  });

  it.each([
    ["path", [""]],
    ["path", [7]],
    ["options.pollMs", ["x", { pollMs: 100 }]],
    ["options.watch", ["x", { watch: "yes" }]],
    ["options.requireTool", ["x", { requireTool: true }]],
    ["options.clock", ["x", { clock: 0 }]],
  ])("refuses a wrong %s", async (option, parameters) => {
    await expect(Reflect.apply(openTrustRegistry, undefined, parameters)).rejects.toMatchObject({ option });
  });
});
