import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { beforeAll, describe, expect, it } from "vitest";

import { temporaryDirectory } from "./support/registry-dir.js";
import { largeRegistryYaml, registryJson, registryYaml } from "./support/registry-text.js";

const OPEN_URL = new URL("../../dist/trust/open.js", import.meta.url);

beforeAll(() => {
  if (!existsSync(OPEN_URL))
    throw new Error(`${fileURLToPath(OPEN_URL)} is not there: run "npm run build" first`);
});

/** Runs a script in a process of its own, as a user's would be; ends it when it does not end by itself. */
async function run(file: string, script: string): Promise<string> {
  const source = `import { rename } from "node:fs/promises";
import { openTrustRegistry } from ${JSON.stringify(OPEN_URL.href)};
const file = ${JSON.stringify(file)};
${script}`;
  const flags = ["--input-type=module", "-e", source];
  const { stdout } = await promisify(execFile)(process.execPath, flags, { timeout: 20_000 });
  return stdout.trim();
}

describe("the compiled package, in a process of its own", () => {
  it("loads the YAML package only for a file that is not plain", async () => {
    await using root = await temporaryDirectory();
    const file = join(root.path, "registry.yaml");
    const script = `await openTrustRegistry(file);
const { createRequire } = await import("node:module");
console.log(Object.keys(createRequire(import.meta.url).cache).some((name) => /[\\\\/]yaml[\\\\/]/.test(name)));`;
    await writeFile(file, registryYaml());
    expect(await run(file, script)).toBe("false");
    await writeFile(file, registryYaml({ agent: "comment: >-\n  folded" }));
    expect(await run(file, script)).toBe("true");
  });

  it("reads a large file in its worker, and again when it changes", async () => {
    await using root = await temporaryDirectory();
    const file = join(root.path, "registry.yaml");
    await writeFile(file, largeRegistryYaml(1000));
    await writeFile(`${file}.next`, largeRegistryYaml(1001));
    const script = `const registry = await openTrustRegistry(file);
console.log(registry.current.count("agents"));
const changed = new Promise((resolve) => registry.onChange(resolve));
const alive = setInterval(() => undefined, 1000);
await rename(file + ".next", file);
await changed;
clearInterval(alive);
console.log(registry.current.count("agents"));`;
    expect(await run(file, script)).toBe("1000\n1001");
  });

  it("ends when there is nothing else to do, though registries are watched", async () => {
    await using root = await temporaryDirectory();
    const file = join(root.path, "registry.yaml");
    await writeFile(file, registryJson());
    expect(
      await run(file, `await openTrustRegistry(file); await openTrustRegistry(file); console.log("end");`),
    ).toBe("end");
  });
});
