import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { rolldown } from "rolldown";
import { describe, expect, it } from "vitest";

import { editRegistryFile } from "../../../src/trust/edit/index.js";
import { registryYaml } from "../support/registry-text.js";
import { temporaryDirectory } from "../support/registry-dir.js";
import { addition, parse } from "./support/edit-file.js";

const ROUNDS = 100;

/** Builds the child of this test, with the sources in it: Node does not run them as they are. */
async function buildChild(directory: string): Promise<string> {
  const input = fileURLToPath(new URL("./children/edit-loop.ts", import.meta.url));
  const build = await rolldown({
    input,
    platform: "node",
    logLevel: "silent",
    external: /^fs-native-extensions$/,
  });
  const file = join(directory, "child.mjs");
  await build.write({ file, format: "esm", codeSplitting: false });
  await build.close();
  return file;
}

/** Lets a child edit a file over and over, and kills it some milliseconds after it began. */
async function killWhileEditing(child: string, file: string, afterMs: number): Promise<void> {
  const process = spawn("node", [child, file], { stdio: ["ignore", "pipe", "inherit"] });
  const exit = once(process, "exit");
  await once(process.stdout, "data");
  await delay(afterMs);
  process.kill("SIGKILL");
  expect(await exit).toEqual([null, "SIGKILL"]);
}

describe("a process that is killed while it edits", () => {
  it("leaves the whole old file or the whole new one, every time", async () => {
    await using directory = await temporaryDirectory();
    // Where the packages of the repository are found.
    const built = fileURLToPath(
      new URL(`../../../node_modules/.cache/signet-edit-${process.pid}`, import.meta.url),
    );
    const child = await buildChild(built);
    const file = join(directory.path, "registry.yaml");
    await writeFile(file, registryYaml({ top: "description: # kept\n  x" }));
    await chmod(file, 0o640);
    let generatedAtMs = 0;
    for (let round = 0; round < ROUNDS; round++) {
      await killWhileEditing(child, file, Math.random() * 25);
      const text = await readFile(file, "utf8");
      const { header } = parse(text);
      expect(header.generatedAtMs).toBeGreaterThan(generatedAtMs);
      generatedAtMs = header.generatedAtMs;
      expect(text).toContain("description: # kept\n  x\n");
      expect((await stat(file)).mode & 0o777).toBe(0o640);
    }
    await editRegistryFile(file, addition("servers"));
    await rm(built, { recursive: true });
  }, 120_000);
});
