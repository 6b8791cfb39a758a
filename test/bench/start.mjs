/** Bench of the start: from the start of a process to a guard that is ready, beside a process that does nothing. */
import { execFileSync } from "node:child_process";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { median } from "./statistics.mjs";

const RUNS = 41;
const CHILD = fileURLToPath(new URL("start-child.mjs", import.meta.url));
const REGISTRY = fileURLToPath(new URL("../../config/registry.yaml", import.meta.url));

export async function benchStart() {
  const folder = await mkdtemp(join(tmpdir(), "signet-bench-"));
  try {
    const registry = join(folder, "registry.yaml");
    const key = join(folder, "server.key");
    await copyFile(REGISTRY, registry);
    const seed = Buffer.alloc(32, 7).toString("base64");
    await writeFile(key, JSON.stringify({ v: 1, algorithm: "ed25519", name: "server", seed }), {
      mode: 0o600,
    });
    return compare([CHILD, registry, key]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Runs the two in turn, so that both see the machine in the same state. */
function compare(guarded) {
  const bare = [];
  const ready = [];
  for (let run = 0; run < RUNS; run++) {
    bare.push(timeNode(["-e", "0"]));
    ready.push(timeNode(guarded));
  }
  const added = ready.map((ms, run) => ms - bare[run]);
  return [
    { name: "process that does nothing (node -e 0)", value: median(bare), unit: "ms" },
    { name: "process with a guard that is ready", value: median(ready), unit: "ms" },
    { name: "what the guard adds to the start", value: median(added), unit: "ms", target: { atMost: 80 } },
  ];
}

function timeNode(args) {
  const began = performance.now();
  execFileSync(process.execPath, args);
  return performance.now() - began;
}
