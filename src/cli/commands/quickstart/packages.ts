import { execFile } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { VERSION } from "../../../lib/version.js";
import { CliFault } from "../../faults.js";

const SDK = "@modelcontextprotocol/sdk";
const SDK_RANGE = "^1.20.0";

/** Tells whether what is in a directory finds the packages that it needs: this very one, and not whatever lies above it. */
export function findsPackages(dir: string): boolean {
  const { resolve } = createRequire(join(dir, "client.mjs"));
  try {
    const own = dirname(resolve("signet-mcp/package.json"));
    resolve(`${SDK}/server/mcp.js`);
    return realpathSync(own) === realpathSync(packageRoot());
  } catch {
    return false;
  }
}

/**
 * Installs them in the directory: this very package, and the SDK.
 *
 * @throws `CliFault` when npm cannot.
 */
export async function installPackages(dir: string): Promise<void> {
  const description = {
    name: "signet-quickstart",
    private: true,
    type: "module",
    scripts: { start: "node client.mjs" },
    dependencies: { [SDK]: SDK_RANGE, "signet-mcp": `^${VERSION}` },
  };
  await writeFile(join(dir, "package.json"), `${JSON.stringify(description, undefined, 2)}\n`, {
    flag: "wx",
  });
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  // The package as it is here, packed: it may have been run from a clone, or from a cache.
  const args = [
    "install",
    "--no-save",
    "--install-links",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    `signet-mcp@file:${packageRoot()}`,
  ];
  try {
    const { SIGNET_PASSPHRASE: _, ...env } = process.env;
    await promisify(execFile)(npm, args, { cwd: dir, env });
  } catch (error) {
    const stderr: unknown = error instanceof Error && "stderr" in error ? error.stderr : undefined;
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    const said = typeof stderr === "string" ? stderr.trim().split("\n").slice(0, 3).join(" ") : String(error);
    const why = isMissing ? "there is no npm on the PATH" : said;
    throw new CliFault(
      `the packages could not be installed: ${why}; run \`npm install\` in ${dir}, then \`npm start\``,
    );
  }
}

/** Directory of this package. */
function packageRoot(): string {
  let dir = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(dir, "package.json")) && dirname(dir) !== dir) dir = dirname(dir);
  return dir;
}
