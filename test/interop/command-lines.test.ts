import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { env } from "node:process";
import { describe, expect, it } from "vitest";
import { CLI, runProgram, WITH_CLI } from "../audit/support/evidence.js";
import type { Run } from "../audit/support/evidence.js";
import { openTrustRegistry } from "../../src/trust/open.js";
import { signet, temporaryFolder } from "../cli/support.js";

/** Deterministic, so that a failure comes again. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

const COMMANDS = 50;
const TARGET = ["--target", "mcp://x"];

describe.runIf(CLI !== undefined)(`the command lines of this package and of ${WITH_CLI}`, () => {
  it(`take turns on one home, ${COMMANDS} random commands, and read what the other wrote`, async () => {
    const home = join(temporaryFolder(), "home");
    const released = (args: readonly string[]): Promise<Run> =>
      runProgram(CLI ?? "", args, { env: { ...env, SIGNET_HOME: home } });
    const ours = async (args: readonly string[]): Promise<Run> => {
      const { code, out, err } = await signet(home, args);
      return { code: code ?? -1, out, err };
    };
    const random = randomOf(2026);
    const keys: string[] = [];
    let records = 0;
    for (let turn = 0; turn < COMMANDS; turn++) {
      const isOurs = turn % 2 === 0;
      const [here, there] = isOurs ? [ours, released] : [released, ours];
      const task =
        keys.length === 0
          ? "generate"
          : (["generate", "sign", "sign", "audit", "verify", "chain"][random(6)] ?? "sign");
      const key = keys[random(Math.max(1, keys.length))] ?? "";
      if (task === "generate") {
        const name = `bot-${turn}`;
        expect(
          (await here(["identity", "generate", "--name", name, "--owner", "o", "--unencrypted"])).code,
        ).toBe(0);
        keys.push(name);
        const pub = readFileSync(join(home, "keys", `${name}.pub`), "utf8");
        expect((await there(["identity", "export", "--name", name])).out.trim()).toBe(pub.trim());
      } else if (task === "sign" || task === "verify") {
        const flags = [["--hash-only"], ["--encrypt-params"], ["--session", "s"], []][random(4)] ?? [];
        const params = ["--params", JSON.stringify({ turn, text: "ünï", n: 1.5 })];
        const signed = await here([
          "sign",
          "--key",
          key,
          "--tool",
          `tool${random(3)}`,
          ...TARGET,
          ...params,
          ...flags,
        ]);
        expect(signed.code).toBe(0);
        records += 1;
        const file = join(temporaryFolder(), "receipt.json");
        writeFileSync(file, signed.out);
        const verified = await there(["verify", file, "--pubkey", key]);
        expect(verified).toMatchObject({
          code: 0,
          out: expect.stringMatching(/^Valid: /) as unknown,
        });
        writeFileSync(file, signed.out.replace("mcp://x", "mcp://y"));
        expect((await there(["verify", file, "--pubkey", key])).code).toBe(1);
      } else if (task === "audit") {
        const lists = [await ours(["audit"]), await released(["audit"])];
        for (const { out } of lists) expect(out).toContain(`\n${records} record`);
        const file = join(temporaryFolder(), "records.json");
        expect((await here(["audit", "--export", file])).code).toBe(0);
        expect(JSON.parse(readFileSync(file, "utf8"))).toHaveLength(records);
        expect((await here(["audit", "--verify"])).code).toBe(0);
        expect((await there(["audit", "--verify"])).code).toBe(0);
      } else {
        expect((await here(["verify", "--chain"])).out).toContain(`${records} record`);
        expect((await there(["verify", "--chain"])).out).toMatch(/Chain intact: /);
      }
    }
    expect(records).toBeGreaterThan(5);
  }, 180_000);

  it("read each other's registries, and what the released one drops is what a guard refuses", async () => {
    const folder = temporaryFolder();
    const home = join(folder, "home");
    await signet(home, ["identity", "generate", "--name", "bot", "--owner", "o", "--unencrypted"]);
    const registry = join(folder, "registry.yaml");
    writeFileSync(
      registry,
      "version: 1\nbundle_id: tb_x\norg: acme\nenv: dev\ngenerated_at: 2026-01-01T00:00:00Z\nroots: []\nagents: []\nservers: []\n",
    );
    const trust = (...args: string[]) => signet(home, ["trust", ...args]);
    expect((await trust("add", registry, "--name", "bot", "--tools", "read_*")).code).toBe(0);
    await signet(home, ["identity", "generate", "--name", "next", "--owner", "o", "--unencrypted"]);
    expect(
      (await trust("rotate", registry, "--id", "bot", "--new-id", "bot-2", "--new-pubkey", "next")).code,
    ).toBe(0);
    const released = (args: readonly string[]): Promise<Run> =>
      runProgram(CLI ?? "", args, { env: { ...env, SIGNET_HOME: home } });
    const inspected = await released(["trust", "inspect", registry]);
    expect(inspected.out).toMatch(/agents: total=2 active=1 disabled=1/);
    const before = join(folder, "before.yaml");
    writeFileSync(before, readFileSync(registry));
    const watched = await openTrustRegistry(registry);
    expect(
      (await released(["trust", "disable", registry, "--section", "agents", "--id", "bot-2"])).code,
    ).toBe(0);
    await expect(watched.reload()).rejects.toMatchObject({ code: "registry_regressed" });
    expect([...watched.current.entries("agents")].map(({ tools }) => tools)).toEqual([
      ["read_*"],
      ["read_*"],
    ]);
    await watched.close();
    const doctor = await signet(home, ["doctor", "--registry", registry, "--before", before]);
    expect(doctor.code).toBe(1);
    expect(doctor.out).toContain("has lost its tools");
  });
});
