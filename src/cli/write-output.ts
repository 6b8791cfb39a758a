import { constants } from "node:fs";
import { access, lstat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { createFile } from "../lib/atomic-file.js";
import { printableLines } from "../lib/text.js";
import { CliFault } from "./faults.js";
import { print } from "./output.js";

/**
 * Looks whether a file can be made, before anything is done whose result would be lost.
 *
 * @param flag - That named it.
 */
export async function requireOutput(file: string | undefined, flag: string = "--output"): Promise<void> {
  if (file === undefined) return;
  const code = await lstat(file).then(
    () => "EEXIST",
    (error: unknown) => codeOf(error),
  );
  if (code !== "ENOENT") throw new CliFault(outputFault(file, code, flag));
  await access(dirname(resolve(file)), constants.W_OK).catch((error: unknown) => {
    throw new CliFault(outputFault(file, codeOf(error), flag));
  });
}

/** Writes what was asked for: to a new file, or else to whoever reads. Never overwrites. */
export async function writeOutput(
  text: string,
  file: string | undefined,
  mode: number,
  flag: string = "--output",
): Promise<void> {
  if (file === undefined) {
    print(printableLines(text.replace(/\n$/, "")));
    return;
  }
  try {
    await createFile(file, { text: text.endsWith("\n") ? text : `${text}\n`, mode });
  } catch (error) {
    throw new CliFault(outputFault(file, codeOf(error), flag));
  }
}

function outputFault(file: string, code: string, flag: string): string {
  if (code === "EEXIST") return `${file} is there already: move it away, or choose another ${flag}`;
  if (code === "ENOENT") return `there is no directory for ${file}: make it, or choose another ${flag}`;
  if (code === "ENOSPC") return `there is no room for ${file}: make room on its disk`;
  return `${file} cannot be written (${code}): choose another ${flag}`;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown";
}
