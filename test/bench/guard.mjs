/** Bench of verify + countersign, as calls a second of processor time and as a share of what cryptography alone takes. */
import { SHAPES } from "./call-arguments.mjs";
import { runChild } from "./child.mjs";

const TARGETS = { "165 B": 0.88, "10 kB of strings": 0.7, "10 kB of objects": 0.4 };

export async function benchGuard() {
  const rows = [];
  for (const shape of Object.keys(SHAPES)) {
    const { callsPerSecond, share, bareShare } = await runChild("guard-child.mjs", [shape]);
    const row = { name: `verify + countersign, ${shape}`, value: callsPerSecond, unit: "calls/s", share };
    rows.push(shape in TARGETS ? { ...row, target: { atLeast: TARGETS[shape] } } : row);
    const name = `canonical text and cryptography alone, ${shape}`;
    rows.push({ name, value: (callsPerSecond * bareShare) / share, unit: "calls/s", share: bareShare });
  }
  return rows;
}
