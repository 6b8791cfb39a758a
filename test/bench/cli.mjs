/** Bench of the command line: whole processes, by turns with bare Node.js, and with the released CLI where SIGNET_CLI names it. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openKeystore } from "../../dist/keystore/index.js";
import { median } from "./statistics.mjs";

const SIGNET = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const RELEASED = process.env.SIGNET_CLI;
const ROUNDS = 15;
const PASSPHRASE = "bench";

export async function benchCli() {
  const folder = mkdtempSync(join(tmpdir(), "signet-bench-"));
  try {
    const env = { ...process.env, SIGNET_HOME: join(folder, "home") };
    const ours = (args) => timeOf(process.execPath, [SIGNET, ...args], env);
    const receipt = join(folder, "receipt.json");
    const target = ["--target", "mcp://x", "--params", '{"a":1}'];
    ours(["identity", "generate", "--name", "bot", "--unencrypted"]);
    ours(["sign", "--key", "bot", "--tool", "t", ...target, "--output", receipt]);
    const commands = {
      "--version": ["--version"],
      sign: ["sign", "--key", "bot", "--tool", "t", ...target],
      verify: ["verify", receipt, "--pubkey", "bot"],
    };
    const rows = [];
    for (const [name, args] of Object.entries(commands)) {
      const times = { ours: [], bare: [], released: [] };
      for (let round = 0; round < ROUNDS; round++) {
        times.bare.push(timeOf(process.execPath, ["-e", "0"], env));
        times.ours.push(ours(args));
        if (RELEASED !== undefined) times.released.push(timeOf(RELEASED, args, env));
      }
      const beyond = median(times.ours) - median(times.bare);
      const target_ = name === "--version" ? { target: { atMost: 120 } } : {};
      rows.push({ name: `signet ${name}, beyond bare node -e 0`, value: beyond, unit: "ms", ...target_ });
      rows.push({ name: `signet ${name}, whole process`, value: median(times.ours), unit: "ms" });
      if (RELEASED !== undefined)
        rows.push({ name: `released signet ${name}`, value: median(times.released), unit: "ms" });
    }
    return [...rows, await unlockRow(folder)];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function timeOf(program, args, env) {
  const began = performance.now();
  const { status, stderr } = spawnSync(program, args, { env, encoding: "utf8" });
  const took = performance.now() - began;
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${status}: ${stderr}`);
  return took;
}

async function unlockRow(folder) {
  const keystore = openKeystore({ dir: join(folder, "keys") });
  await keystore.generate("bot", { passphrase: PASSPHRASE });
  const times = [];
  for (let round = 0; round < 7; round++) {
    const began = performance.now();
    await keystore.load("bot", { passphrase: PASSPHRASE });
    times.push(performance.now() - began);
  }
  return { name: "a key unlocked, by wasm", value: median(times), unit: "ms", target: { atMost: 250 } };
}
