import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { CliFault } from "./faults.js";

/** More than any receipt, key or bundle of params has. */
const MAX_BYTES = 16 * 1024 * 1024;

/** Reads a file that was named, or the standard input for `-`. */
export async function readInput(file: string, what: string): Promise<string> {
  if (file === "-") return await text(process.stdin);
  try {
    const bytes = await readFile(file);
    if (bytes.length > MAX_BYTES) throw new CliFault(`${what} ${file} is larger than 16 MiB`);
    return bytes.toString("utf8");
  } catch (error) {
    if (error instanceof CliFault) throw error;
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    if (code === "ENOENT") throw new CliFault(`there is no file ${file}: correct the path of ${what}`);
    throw new CliFault(`${what} ${file} cannot be read (${code})`);
  }
}
