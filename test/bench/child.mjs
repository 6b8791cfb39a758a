import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** Runs a script of this folder in a process of its own and reads the JSON that it prints. */
export async function runChild(script, args = [], nodeOptions = ["--expose-gc"]) {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [...nodeOptions, path, ...args]);
  return JSON.parse(stdout);
}
