/** Bench of the trust registry: look-ups a second in a small and a large one, and the time to load a large file. */
import { runChild } from "./child.mjs";

export async function benchRegistry() {
  const { small, large, loadMs } = await runChild("registry-child.mjs");
  return [
    { name: "registry look-up, 10 keys", value: small, unit: "look-ups/s" },
    { name: "registry look-up, 100,000 keys", value: large, unit: "look-ups/s" },
    { name: "registry of 10,000 YAML entries: load", value: loadMs, unit: "ms", target: { atMost: 2000 } },
  ];
}
