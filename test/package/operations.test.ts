import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createGuard, REFUSALS } from "signet-mcp/server";
import { testIdentity, testRegistry } from "signet-mcp/testing";
import { describe, expect, it } from "vitest";
import { COMMANDS } from "../../src/replay/redis/faults.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const path = join(root, "docs/operations.md");
const text = readFileSync(path, "utf8");

describe("docs/operations.md", () => {
  it("shows code that compiles against the built package", () => {
    const blocks = [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code]) => code ?? "");
    expect(blocks.length).toBeGreaterThan(0);
    const folder = mkdtempSync(join(root, "test/package/operations-"));
    try {
      for (const [index, code] of blocks.entries()) writeFileSync(join(folder, `block-${index}.ts`), code);
      const compilerOptions = { isolatedDeclarations: false, declaration: false };
      const tsconfig = { extends: "../../../tsconfig.json", compilerOptions, include: ["*.ts"] };
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
      const compile = (): unknown =>
        execFileSync("npx", ["--no-install", "tsc", "-p", folder], { cwd: root, encoding: "utf8" });
      expect(compile).not.toThrow();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("names codes, events and fields of health that there are", async () => {
    const events = readFileSync(join(root, "src/mcp/guard/events.ts"), "utf8");
    const faults = readFileSync(join(root, "src/errors.ts"), "utf8");
    const names = [...text.matchAll(/`((?:replay|issued|rate|refund)_\w+)`/g)].map(([, name]) => name ?? "");
    expect(new Set(names).size).toBeGreaterThan(7);
    const isKnown = (name: string): boolean =>
      Object.hasOwn(REFUSALS, name) ||
      events.includes(`readonly type: "${name}"`) ||
      faults.includes(`"${name}"`);
    expect(names.filter((name) => !isKnown(name))).toEqual([]);

    const server = testIdentity("server");
    const guard = await createGuard({
      registry: testRegistry({ agents: [testIdentity("agent")] }),
      identity: { signer: server.signer, name: server.name },
      target: "mcp://x",
      replay: "memory",
    });
    const { replay } = guard.health();
    for (const field of ["ready", "circuit", "pendingClaims"]) expect(replay).toHaveProperty(field);
    await guard.close();
  });

  it("gives a Redis user the commands that the store runs", () => {
    expect(text).toContain(COMMANDS);
  });

  it("links to what is there", () => {
    const links = [...text.matchAll(/\]\(([^)#]+)\)/g)].map(([, link]) => link ?? "");
    expect(links.length).toBeGreaterThan(0);
    expect(links.filter((link) => !existsSync(join(dirname(path), link)))).toEqual([]);
  });
});
