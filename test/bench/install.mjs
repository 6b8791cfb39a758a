/** Bench of the installed size: the packed package in an empty folder, with what it depends on, without optional peers. */
import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TARGET_MB = 40;

export async function benchInstall() {
  const folder = await mkdtemp(join(tmpdir(), "signet-bench-"));
  try {
    const packed = JSON.parse(
      await npm(ROOT, "pack", "--json", "--ignore-scripts", "--pack-destination", folder),
    );
    await writeFile(join(folder, "package.json"), "{}");
    await npm(
      folder,
      "install",
      "--omit=dev",
      "--prefer-offline",
      "--no-audit",
      "--no-fund",
      packed[0].filename,
    );
    const modules = join(folder, "node_modules");
    const own = await sizeOf(join(modules, packed[0].name));
    const all = await sizeOf(modules);
    return [
      { name: "package, packed", value: packed[0].size / 1e6, unit: "MB" },
      { name: "package, installed", value: own / 1e6, unit: "MB" },
      {
        name: "node_modules after npm install",
        value: all / 1e6,
        unit: "MB",
        target: { atMost: TARGET_MB },
      },
    ];
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function npm(folder, ...args) {
  const { stdout } = await promisify(execFile)("npm", args, { cwd: folder });
  return stdout;
}

/** Bytes of all files. */
async function sizeOf(folder) {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  }
  return bytes;
}
