import { open, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";

import type { RecordFile } from "../byte-source.js";

const NEWLINE = 0x0a;
/** A line that is being written is there whole within milliseconds. */
const LOOK_AGAIN_MS = 10;
const LOOKS = 5;

/**
 * Measures files, so that what is appended meanwhile is not read. The last one may be at work: its size is taken when its
 * last line has its end, or none comes. One that cannot be looked at has size 0: reading it tells why.
 */
export async function measureFiles(files: readonly RecordFile[]): Promise<number[]> {
  const sizes: number[] = [];
  for (const file of files) {
    sizes.push(
      file === files.at(-1) && !file.compressed ? await settledSize(file.path) : await sizeOf(file.path),
    );
  }
  return sizes;
}

async function settledSize(path: string): Promise<number> {
  let size = await sizeOf(path);
  for (let look = 0; look < LOOKS && (await isTorn(path, size)); look++) {
    await setTimeout(LOOK_AGAIN_MS);
    const now = await sizeOf(path);
    if (now === size) return size;
    size = now;
  }
  return size;
}

async function sizeOf(path: string): Promise<number> {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : 0;
  } catch {
    return 0;
  }
}

async function isTorn(path: string, size: number): Promise<boolean> {
  if (size === 0) return false;
  let handle: FileHandle | undefined;
  try {
    handle = await open(path);
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
    return buffer[0] !== NEWLINE;
  } catch {
    return false;
  } finally {
    await handle?.close();
  }
}
