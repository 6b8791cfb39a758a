import type { Sha256Text } from "../../crypto/digest.js";
import { LINE_OVERHEAD } from "../record/record-text.js";

/** A line in the layout of `writeLine`, taken apart. */
export interface UsualLine {
  readonly receiptText: Buffer;
  readonly prevHash: Sha256Text;
  /** What stands where the hash belongs: to be compared with one. */
  readonly recordHash: string;
}

/** The same as `splitLine`, for many lines in a row: without making texts that are not needed. */
export function splitUsualLine(line: Buffer): UsualLine | undefined {
  const end = line.length;
  const prevAt = end - TAIL_LENGTH;
  if (prevAt < START.length || !hasAt(line, START, 0)) return undefined;
  const hashAt = prevAt + PREV.length + HASH_LENGTH + MIDDLE.length;
  if (!hasAt(line, PREV, prevAt) || !isHashAt(line, prevAt + PREV.length)) return undefined;
  if (!hasAt(line, MIDDLE, hashAt - MIDDLE.length) || !hasAt(line, END, end - END.length)) return undefined;
  const digits = line.toString("latin1", prevAt + PREV.length + SHA.length, hashAt - MIDDLE.length);
  return {
    receiptText: line.subarray(START.length, prevAt),
    prevHash: `sha256:${digits}`,
    recordHash: line.toString("latin1", hashAt, end - END.length),
  };
}

const SHA = Buffer.from("sha256:");
const START = Buffer.from('{"receipt":');
const PREV = Buffer.from(',"prev_hash":"');
const MIDDLE = Buffer.from('","record_hash":"');
const END = Buffer.from('"}');
const HASH_LENGTH = SHA.length + 64;
/** The end of a line is one of the bytes that are over. */
const TAIL_LENGTH = LINE_OVERHEAD - START.length - 1;

function hasAt(line: Buffer, bytes: Buffer, at: number): boolean {
  for (let index = 0; index < bytes.length; index++) if (line[at + index] !== bytes[index]) return false;
  return true;
}

function isHashAt(line: Buffer, at: number): boolean {
  if (!hasAt(line, SHA, at)) return false;
  for (let index = at + SHA.length; index < at + HASH_LENGTH; index++) {
    const unit = line[index] ?? 0;
    // 0 to 9, a to f.
    if (!((unit >= 0x30 && unit <= 0x39) || (unit >= 0x61 && unit <= 0x66))) return false;
  }
  return true;
}
