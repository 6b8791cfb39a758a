// Runs every example as a person would, and fails when one does.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const examples = new URL("../examples/", import.meta.url);
const failed = [];

for (const folder of readdirSync(examples, { withFileTypes: true })) {
  const demo = fileURLToPath(new URL(`${folder.name}/demo.mjs`, examples));
  if (!folder.isDirectory() || !existsSync(demo)) continue;
  console.log(`\n--- examples/${folder.name}`);
  const { status } = spawnSync(process.execPath, [demo], { stdio: "inherit", timeout: 60_000 });
  if (status !== 0) failed.push(folder.name);
}

if (failed.length > 0) {
  console.error(`\nThese examples do not hold: ${failed.join(", ")}`);
  process.exit(1);
}
