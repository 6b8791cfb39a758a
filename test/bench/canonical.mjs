/** Bench of canonical JSON alone: next to another implementation in the same run, and on the shapes that cost most. */
import { runChild } from "./child.mjs";

export async function benchCanonical() {
  const { usual, worst } = await runChild("canonical-child.mjs");
  return [
    ...usual.flatMap(({ name, megabytesPerSecond, timesFaster }) => [
      { name: `canonical JSON, ${name}`, value: megabytesPerSecond, unit: "MB/s" },
      { name: `canonical JSON, ${name}, over canonicalize`, value: timesFaster, unit: "times" },
    ]),
    ...worst.map(({ name, ms }) => ({
      name: `canonical JSON, 100 kB, ${name}`,
      value: ms,
      unit: "ms",
      target: { atMost: 2 },
    })),
  ];
}
