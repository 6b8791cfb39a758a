import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { CLIENT_REFUSALS } from "../../src/client.js";
import { REFUSALS } from "../../src/server.js";
import { parseTrustRegistry } from "../../src/trust/index.js";

const root = fileURLToPath(new URL("../../", import.meta.url));
const readme = readFileSync(join(root, "README.md"), "utf8");

/** The README's code blocks of one language. */
function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map(
    ([, code]) => code ?? "",
  );
}

/** Cells of the README's table rows, without the padding that the formatter adds. */
const rows = readme
  .split("\n")
  .filter((line) => line.startsWith("|"))
  .map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim())
      .join(" | "),
  );

describe("the README", () => {
  let folder: string;

  beforeAll(() => {
    // Inside the package, so that its own name resolves to what was built.
    folder = mkdtempSync(join(root, "test/package/readme-"));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it("shows code that compiles against the built package", () => {
    const examples = blocks("ts");
    expect(examples.length).toBeGreaterThanOrEqual(5);
    examples.forEach((code, index) => {
      writeFileSync(join(folder, `example-${index}.ts`), code);
    });
    const tsconfig = {
      extends: "../../../tsconfig.json",
      compilerOptions: { isolatedDeclarations: false, declaration: false },
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ ...tsconfig, include: ["*.ts"] }));
    const compile = (): unknown =>
      execFileSync("npx", ["--no-install", "tsc", "-p", folder], { cwd: root, encoding: "utf8" });
    expect(compile).not.toThrow();
  });

  it("shows a test that runs as it stands", () => {
    const example = blocks("ts").find((code) => code.includes("signet-mcp/testing"));
    const program = join(folder, "testing.mjs");
    writeFileSync(program, example ?? "");
    expect(execFileSync(process.execPath, [program], { encoding: "utf8" })).toBe("true\n");
  });

  it("shows a first call that works as it stands, with the keys that it has one make", () => {
    const [code, yaml] = [blocks("ts"), blocks("yaml")];
    const block = (mark: string): string =>
      code.find((text) => text.includes(mark)) ?? `no block with ${mark}`;
    const first = mkdtempSync(join(folder, "first-"));
    const run = (file: string): string =>
      execFileSync(process.execPath, [join(first, file)], {
        cwd: first,
        encoding: "utf8",
        stdio: "pipe",
        // A client hands on HOME to the server that it starts, and not SIGNET_HOME: the nonces go there.
        env: { ...process.env, HOME: first },
      });
    writeFileSync(join(first, "keys.mjs"), block("generateSeed"));
    writeFileSync(join(first, "server.mjs"), block("guard.protect(server);"));
    writeFileSync(join(first, "client.mjs"), block("new SigningTransport("));
    const printed = run("keys.mjs");
    const keys = Object.fromEntries(
      [...printed.matchAll(/^(\S+) (ed25519:\S+)$/gm)].map(([, ...pair]) => pair),
    );
    const registry = (yaml[0] ?? "").replaceAll(
      /(name: (\S+)\n(?:.*\n)?\s*pubkey: )\S+/g,
      (_, before: string, name: string) => `${before}${keys[name]}`,
    );
    writeFileSync(join(first, "registry.yaml"), registry);
    expect(run("client.mjs")).toContain("You are my-agent");
    expect(() => run("keys.mjs")).toThrow("EEXIST");
  });

  it("shows a registry that parses, for a guard and for a client", () => {
    const [yaml = ""] = blocks("yaml");
    const registry = parseTrustRegistry(yaml, { requireServers: true });
    expect([registry.count("agents"), registry.count("servers")]).toEqual([1, 1]);
  });

  it.each(Object.entries({ ...REFUSALS }))("has a row for the refusal %s", (code, { meaning, remedy }) => {
    expect(rows).toContain(`\`${code}\` | ${meaning} | ${remedy}`);
  });

  it.each(Object.entries({ ...CLIENT_REFUSALS }))(
    "has a row for the client's refusal %s",
    (code, { meaning, remedy }) => {
      expect(rows).toContain(`\`${code}\` | ${meaning} | ${remedy}`);
    },
  );
});
