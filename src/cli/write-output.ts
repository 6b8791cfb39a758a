import { createFile } from "../lib/atomic-file.js";
import { CliFault } from "./faults.js";
import { print } from "./output.js";

/** Writes what was asked for: to a new file, or else to whoever reads. Never overwrites. */
export async function writeOutput(text: string, file: string | undefined, mode: number): Promise<void> {
  if (file === undefined) {
    print(text.replace(/\n$/, ""));
    return;
  }
  try {
    await createFile(file, { text: text.endsWith("\n") ? text : `${text}\n`, mode });
  } catch (error) {
    throw new CliFault(outputFault(file, error));
  }
}

function outputFault(file: string, error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
  if (code === "EEXIST") return `${file} is there already: move it away, or choose another --output`;
  if (code === "ENOENT") return `there is no directory for ${file}: make it, or choose another --output`;
  if (code === "ENOSPC") return `there is no room for ${file}: make room on its disk`;
  return `${file} cannot be written (${code}): choose another --output`;
}
