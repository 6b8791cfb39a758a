// Checks the package as it would be published: its manifest and types, and that the packed tarball works where
// nothing but it and its dependencies is installed.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const run = (command, args, cwd) =>
  execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });

run("npm", ["run", "--silent", "build"]);
for (const [command, ...args] of [
  ["publint", "--strict"],
  ["attw", "--pack", "--profile", "esm-only"],
  ["knip"],
]) {
  const { status } = spawnSync("npx", ["--no-install", command, ...args], { stdio: "inherit" });
  assert.equal(status, 0, `${command} found something`);
}

const folder = mkdtempSync(join(tmpdir(), "signet-package-"));
try {
  const [{ filename, files }] = JSON.parse(
    run("npm", ["pack", "--json", "--silent", "--pack-destination", folder]),
  );
  const paths = files.map((file) => file.path);
  for (const wanted of [
    "README.md",
    "docs/auditor.md",
    "dist/audit/verify/worker.js",
    "LICENSE-MIT",
    "LICENSE-APACHE",
    "SECURITY.md",
    "CHANGELOG.md",
  ]) {
    assert.ok(paths.includes(wanted), `the package lacks ${wanted}`);
  }
  assert.ok(!paths.some((path) => path.startsWith("test/")), "the package holds tests");

  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: "user", private: true, type: "module" }),
  );
  run(
    "npm",
    ["install", "--no-audit", "--no-fund", "--silent", "--omit=peer", join(folder, filename)],
    folder,
  );
  const { exports } = JSON.parse(readFileSync("package.json", "utf8"));
  const names = Object.keys(exports).filter((name) => name !== "./package.json");
  const program = `
    for (const name of ${JSON.stringify(names)}) {
      const module = await import("signet-mcp" + name.slice(1));
      if (Object.keys(module).length === 0) throw new Error(name + " exports nothing");
    }
    const { createGuard } = await import("signet-mcp/server");
    const { testIdentity, testRegistry, signedCall } = await import("signet-mcp/testing");
    const [agent, server] = [testIdentity("a"), testIdentity("b")];
    const target = "mcp://x";
    const guard = await createGuard({ registry: testRegistry({ agents: [agent] }), identity: server, target });
    const verdict = await guard.verify(await signedCall({ identity: agent, target, tool: "t" }));
    if (!verdict.ok) throw new Error(verdict.code);
    const { useSodium } = await import("signet-mcp/sodium");
    const missing = await useSodium().catch((error) => error.code);
    if (missing !== "dependency_missing") throw new Error("sodium-native is not there, and that is not said");
    const { SigningAgent } = await import("signet-mcp");
    const own = await SigningAgent.create("bot", { home: "home", unencrypted: true });
    if (!own.verify(await own.sign("t", {}, { target }))) throw new Error("an agent does not know its own receipt");
    await own.close();
    console.log("the packed package works, with", ${names.length}, "entries");`;
  writeFileSync(join(folder, "check.mjs"), program);
  process.stdout.write(run(process.execPath, ["check.mjs"], folder));
} finally {
  rmSync(folder, { recursive: true });
}
