/**
 * Bench of the file store, by turns with the bare package on a database of its own: 1 and 64 callers, in 1 and 4 processes, at 1 k and 1 M
 * live nonces.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { median } from "./statistics.mjs";

const CHILD = fileURLToPath(new URL("replay-file-child.mjs", import.meta.url));
const SIZES = [
  { live: 1000, name: "1 k" },
  { live: 1_000_000, name: "1 M" },
];
const LOADS = [
  { callers: 1, processes: 1 },
  { callers: 64, processes: 1 },
  { callers: 1, processes: 4 },
  { callers: 64, processes: 4 },
];
const ROUNDS = 3;
const SECONDS = 2;

export async function benchReplayFile() {
  const rows = [];
  for (const { live, name } of SIZES) {
    const folder = await mkdtemp(join(tmpdir(), "signet-bench-"));
    try {
      const [signet, lmdb] = ["signet", "lmdb"].map((kind) => ({ kind, dir: join(folder, kind) }));
      for (const { kind, dir } of [signet, lmdb]) await child(kind, dir, "fill", live);
      if (live >= 1_000_000)
        rows.push({
          name: `file store: disk, ${name} live`,
          value: (await sizeOf(signet.dir)) / live,
          unit: "B/nonce",
        });
      for (const { callers, processes } of LOADS) {
        const rounds = [];
        for (let round = 0; round < ROUNDS; round++) {
          const own = await measure(signet, callers, processes);
          rounds.push({ ...own, share: own.perSecond / (await measure(lmdb, callers, processes)).perSecond });
        }
        const load = `${processes === 1 ? "" : `${processes} processes x `}${callers} caller${callers === 1 ? "" : "s"}, ${name} live`;
        const middle = (what) => median(rounds.map((round) => round[what]));
        rows.push({
          name: `file store: claims, ${load}`,
          value: middle("perSecond"),
          unit: "claims/s",
          share: middle("share"),
          target: { atLeast: 0.8 },
        });
        rows.push({ name: `file store: p99, ${load}`, value: middle("p99Ms"), unit: "ms" });
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  }
  return rows;
}

/** Claims a second of all processes together, and the p99 of the slowest. */
async function measure({ kind, dir }, callers, processes) {
  const outputs = await Promise.all(
    Array.from({ length: processes }, () => child(kind, dir, callers, SECONDS)),
  );
  const all = outputs.map((output) => JSON.parse(output));
  return {
    perSecond: all.reduce((sum, { perSecond }) => sum + perSecond, 0),
    p99Ms: Math.max(...all.map(({ p99Ms }) => p99Ms)),
  };
}

async function child(...args) {
  const process_ = spawn(process.execPath, [CHILD, ...args.map(String)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [output, [code]] = await Promise.all([text(process_.stdout), once(process_, "close")]);
  if (code !== 0) throw new Error(`replay-file-child ${args.join(" ")} ended with ${code}`);
  return output;
}

async function sizeOf(dir) {
  let bytes = 0;
  for (const name of await readdir(dir)) bytes += (await stat(join(dir, name))).size;
  return bytes;
}
