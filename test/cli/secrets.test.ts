import { chmodSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { formsOf } from "../keystore/support.js";
import { signet, temporaryFolder } from "./support.js";

const PASSPHRASE = "hunter2 hunter2";
const PLAIN = ["--unencrypted"];

/** All files below a folder, but those that may hold a private key. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return filesBelow(path);
    return name.endsWith(".key") ? [] : [path];
  });
}

describe("the secrets of the keys", () => {
  it("are in nothing that any command prints or writes, whatever goes wrong", async () => {
    const folder = temporaryFolder();
    const home = join(folder, "home");
    const shown: string[] = [];
    const run = async (...args: string[]): Promise<void> => {
      for (const env of [{}, { SIGNET_PASSPHRASE: PASSPHRASE }, { SIGNET_PASSPHRASE: "wrong" }]) {
        const { out, err } = await signet(home, args, { env, cwd: folder });
        shown.push(out, err);
      }
    };
    await run("identity", "generate", "--name", "plain", "--owner", "o", ...PLAIN);
    const { seed } = JSON.parse(readFileSync(join(home, "keys", "plain.key"), "utf8")) as { seed: string };
    await signet(home, ["identity", "generate", "--name", "sealed"], {
      env: { SIGNET_PASSPHRASE: PASSPHRASE },
    });
    const sealedPem = join(folder, "sealed.pem");
    const sealed = [
      "identity",
      "export",
      "--name",
      "sealed",
      "--private",
      "--format",
      "pem",
      "--output",
      sealedPem,
    ];
    await signet(home, sealed, { env: { SIGNET_PASSPHRASE: PASSPHRASE } });
    const sealedSeed = Buffer.from(
      readFileSync(sealedPem, "utf8").replace(/-----.*?-----|\n/g, ""),
      "base64",
    ).subarray(-32);
    rmSync(sealedPem);
    const registry = join(folder, "registry.yaml");
    writeFileSync(
      registry,
      "version: 1\nbundle_id: tb_x\norg: o\nenv: dev\ngenerated_at: 2026-01-01T00:00:00Z\nroots: []\nagents: []\nservers: []\n",
    );
    const commands: string[][] = [
      ["identity", "list"],
      ["identity", "list", "--json"],
      ["identity", "export", "--name", "plain"],
      ["identity", "export", "--name", "sealed", "--format", "text", "--json"],
      ["identity", "generate", "--name", "plain", ...PLAIN],
      ["identity", "passphrase", "--name", "sealed"],
      ["identity", "import", join(home, "keys", "plain.key"), "--name", "other", ...PLAIN],
      ["sign", "--key", "plain", "--tool", "t", "--target", "mcp://x", "--encrypt-params"],
      ["sign", "--key", "sealed", "--tool", "t", "--target", "mcp://x"],
      ["sign", "--key", "plain", "--tool", "t", "--params", `@${join(home, "keys", "plain.key")}x`],
      ["verify", join(home, "keys", "plain.key"), "--pubkey", "plain"],
      ["verify", "--chain", "--json"],
      ["audit", "--verify", "--decrypt-params"],
      ["audit", "--json"],
      ["trust", "add", registry, "--name", "plain"],
      ["trust", "add", registry, "--name", "sealed", "--owner", "o"],
      ["trust", "inspect", join(home, "keys", "plain.key")],
      ["doctor", "--registry", registry],
      ["doctor", "--json"],
      ["explore"],
      ["completion", "names"],
    ];
    for (const command of commands) await run(...command);
    const key = join(home, "keys", "plain.key");
    const whole = readFileSync(key, "utf8");
    for (const damaged of [
      whole.slice(0, -3),
      whole.replace('"seed"', '"sead"'),
      `${whole}x`,
      whole.replace("ed25519", "ed448"),
    ]) {
      writeFileSync(key, damaged);
      for (const command of commands.slice(0, 12)) await run(...command);
    }
    writeFileSync(key, whole);
    chmodSync(key, 0o644);
    for (const command of commands.slice(0, 12)) await run(...command);
    const written = filesBelow(folder).map((file) => readFileSync(file, "latin1"));
    const all = [...shown, ...written].join("\n");
    expect(all.length).toBeGreaterThan(10_000);
    for (const form of [...formsOf(Buffer.from(seed, "base64")), ...formsOf(sealedSeed)])
      expect(all).not.toContain(form);
    expect(all).not.toContain(PASSPHRASE);
  }, 240_000);
});
