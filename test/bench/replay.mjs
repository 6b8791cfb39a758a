/** Bench of the memory replay store: claims a second, bytes a nonce, and the longest pause, at 1 k, 1 M and 5 M live nonces. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const CHILD = fileURLToPath(new URL("replay-child.mjs", import.meta.url));
const SIZES = [
  { live: 1000, name: "1 k" },
  { live: 1_000_000, name: "1 M" },
  { live: 5_000_000, name: "5 M" },
];

/**
 * Measures the built package. Each size runs in a process of its own, one after another.
 *
 * @returns {Promise<Array<{ name: string, value: number, unit: string, target?: { atLeast: number } | { atMost: number } }>>}
 */
export async function benchReplay() {
  const rows = [];
  for (const { live, name } of SIZES) {
    const measured = await measure(live);
    const row = (what, value, unit, target) =>
      rows.push({ name: `${what}, ${name} live`, value, unit, target });
    row("memory replay store: claims", measured.claimsPerSecond, "claims/s", { atLeast: 1_000_000 });
    row("memory replay store: heap and buffers", measured.heapBytes, "B/nonce", { atMost: 120 });
    row("memory replay store: resident", measured.residentBytes, "B/nonce", { atMost: 120 });
    row("memory replay store: longest claim while growing", measured.longestClaimMs, "ms", { atMost: 20 });
  }
  return rows;
}

async function measure(live) {
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, ["--expose-gc", CHILD, String(live)]);
  return JSON.parse(stdout);
}
