import { join } from "node:path";

import type { Sha256Text } from "../../crypto/digest.js";
import { isSha256Text } from "../../crypto/digest.js";
import { AuditLogError } from "../../errors.js";
import { isPlainObject, ownValue } from "../../lib/json.js";
import { readFault } from "../faults.js";
import type { FileSystem } from "../file-system.js";
import { splitLine } from "../record/record-text.js";
import { readRange } from "./tip.js";
import type { Tip } from "./tip.js";
import { MAX_LINE_BYTES } from "../record/types.js";

const NEWLINE = 0x0a;
const FIRST_READ_BYTES = 16_384;

/**
 * Checks that what another process wrote behind our records is chained to them. A program that does not keep to the log's
 * lock may have chained to an older one: then the chain is forked, and to go on would hide it.
 *
 * @param tip - As this process left the newest file.
 * @throws `AuditLogError` `audit_corrupt`, also when the file became shorter.
 */
export async function checkGrowth(dir: string, files: FileSystem, tip: Tip, size: number): Promise<void> {
  const name = tip.day?.name;
  if (name === undefined) return;
  const path = join(dir, name);
  if (size < tip.size) {
    throw new AuditLogError(
      "audit_corrupt",
      `${path} was cut from ${tip.size} to ${size} bytes while it was written to`,
    );
  }
  const prev = await readFirstPrev(path, files, tip.size, size);
  // A torn line, and what is no record, are found by who reads the end.
  if (prev === undefined || prev === tip.hash) return;
  throw new AuditLogError(
    "audit_corrupt",
    `${path}: a record was chained to ${prev} instead of ${tip.hash}: another program writes to the log without its lock`,
  );
}

async function readFirstPrev(
  path: string,
  files: FileSystem,
  from: number,
  to: number,
): Promise<Sha256Text | undefined> {
  try {
    const file = await files.open(path, "r", 0);
    try {
      for (let bytes = FIRST_READ_BYTES; ; bytes *= 8) {
        const piece = await readRange(file, from, Math.min(to, from + bytes));
        const end = piece.indexOf(NEWLINE);
        if (end >= 0) return prevHashOf(piece.subarray(0, end));
        if (from + bytes >= to || bytes > MAX_LINE_BYTES) return undefined;
      }
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw readFault(path, cause);
  }
}

function prevHashOf(line: Buffer): Sha256Text | undefined {
  const parts = splitLine(line);
  if (parts !== undefined) return parts.prevHash;
  try {
    const record: unknown = JSON.parse(line.toString());
    const prev = isPlainObject(record) ? ownValue(record, "prev_hash") : undefined;
    return isSha256Text(prev) ? prev : undefined;
  } catch {
    return undefined;
  }
}
