import { execFileSync, spawnSync } from "node:child_process";
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

const SIGNET = join(root, "dist/cli/main.js");

/** With a home of its own, as a user has it: a client hands on HOME to the server that it starts, and not SIGNET_HOME. */
function atHome(home: string): NodeJS.ProcessEnv {
  const { SIGNET_HOME: _, SIGNET_PASSPHRASE: __, ...env } = process.env;
  return { ...env, HOME: home };
}

/** Runs a block of commands as they stand, in a folder that is the home as well. Ends at the first that fails. */
function shell(commands: string, home: string): string {
  const script = `set -e\nsignet() { '${process.execPath}' '${SIGNET}' "$@"; }\n${commands}`;
  return execFileSync("bash", ["-c", script], {
    cwd: home,
    encoding: "utf8",
    stdio: "pipe",
    env: atHome(home),
  });
}

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
        env: atHome(first),
      });
    writeFileSync(join(first, "server.mjs"), block("guard.protect(server);"));
    writeFileSync(join(first, "client.mjs"), block("new SigningTransport("));
    const makeKeys = blocks("sh").find((text) => text.includes("--name github-mcp")) ?? "";
    const [agentKey, serverKey] = shell(makeKeys, first).trim().split("\n");
    const keys: Record<string, string | undefined> = { "my-agent": agentKey, "github-mcp": serverKey };
    const registry = (yaml[0] ?? "").replaceAll(
      /(name: (\S+)\n(?:.*\n)?\s*pubkey: )\S+/g,
      (_, before: string, name: string) => `${before}${keys[name]}`,
    );
    writeFileSync(join(first, "registry.yaml"), registry);
    expect(run("client.mjs")).toContain("You are my-agent");
    expect(() => shell(makeKeys, first)).toThrow("no key is ever overwritten");
  });

  it("shows a tour of the command line that goes through as it stands", () => {
    const tour = blocks("sh").find((text) => text.includes("signet verify --chain")) ?? "";
    const home = mkdtempSync(join(folder, "tour-"));
    const out = shell(tour, home);
    expect(out).toMatch(/^ed25519:/);
    expect(out).toContain('Valid: "ci-bot" signed "github_create_issue"');
    expect(out).toContain("Log intact: 1 record verified");
    expect(out).toContain("Chain intact: 1 record verified");
    const agent = blocks("ts").find((code) => code.includes("SigningAgent.open")) ?? "";
    writeFileSync(join(home, "agent.mjs"), agent);
    const ran = execFileSync(process.execPath, [join(home, "agent.mjs")], {
      cwd: home,
      encoding: "utf8",
      env: atHome(home),
    });
    expect(ran).toMatch(/^true\n(?:\S+ github_create_issue\n){2}$/);
  });

  it("names every command that there is", () => {
    const { stdout } = spawnSync(process.execPath, [SIGNET, "--help"], { encoding: "utf8" });
    const commands = [...stdout.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name);
    expect(commands.length).toBeGreaterThan(7);
    for (const name of commands) if (name !== "help") expect(readme).toContain(`\`signet ${name}`);
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
