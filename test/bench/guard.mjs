/** Bench of verify + countersign, as calls a second of processor time and as a share of what cryptography alone takes. */
import { SHAPES } from "./call-arguments.mjs";
import { runChild } from "./child.mjs";

const TARGETS = { "165 B": 0.88, "10 kB of strings": 0.7, "10 kB of objects": 0.4 };

export async function benchGuard() {
  const rows = [];
  for (const shape of Object.keys(SHAPES)) {
    const target = shape in TARGETS ? { target: { atLeast: TARGETS[shape] } } : {};
    const row = ({ callsPerSecond, share }) => ({ value: callsPerSecond, unit: "calls/s", share, ...target });
    const node = await runChild("guard-child.mjs", [shape, "node:crypto"]);
    const sodium = await runChild("guard-child.mjs", [shape, "sodium-native"]);
    rows.push(
      { name: `verify + countersign, ${shape}`, ...row(node) },
      { name: `the same with sodium-native, ${shape}`, ...row(sodium) },
      {
        name: `canonical text and node:crypto alone, ${shape}`,
        value: (node.callsPerSecond * node.bareShare) / node.share,
        unit: "calls/s",
        share: node.bareShare,
      },
    );
  }
  return rows;
}
