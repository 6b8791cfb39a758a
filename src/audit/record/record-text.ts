import { isSha256Text } from "../../crypto/digest.js";
import type { Sha256Text } from "../../crypto/digest.js";

const RECEIPT = '{"receipt":';
const PREV = ',"prev_hash":"';
const HASH = '","record_hash":"';
const END = '"}';
const HASH_LENGTH = 71;
const TAIL_LENGTH = PREV.length + HASH_LENGTH + HASH.length + HASH_LENGTH + END.length;

/** Bytes of a line, with its end, beyond those of the receipt's text. */
export const LINE_OVERHEAD: number = RECEIPT.length + TAIL_LENGTH + 1;

/**
 * Writes a record's line, with its end, in the layout that the other implementations use too.
 *
 * @returns how many bytes were written.
 */
export function writeLine(
  into: Buffer,
  at: number,
  receiptText: Uint8Array,
  prevHash: Sha256Text,
  hash: Sha256Text,
): number {
  let end = at + into.write(RECEIPT, at, "latin1");
  into.set(receiptText, end);
  end += receiptText.length;
  end += into.write(`${PREV}${prevHash}${HASH}${hash}${END}\n`, end, "latin1");
  return end - at;
}

/** What the two hashes of a line in the usual layout say, and where its receipt is. Nothing of it is checked. */
export interface LineParts {
  readonly receiptText: Uint8Array;
  readonly prevHash: Sha256Text;
  readonly recordHash: Sha256Text;
}

/**
 * Takes a line apart that has the layout of {@link writeLine}, without parsing it.
 *
 * @param line - Without its end.
 * @returns `undefined` for any other line: that one has to be parsed.
 */
export function splitLine(line: Buffer): LineParts | undefined {
  const tailAt = line.length - TAIL_LENGTH;
  if (tailAt < RECEIPT.length || line.toString("latin1", 0, RECEIPT.length) !== RECEIPT) return undefined;
  const tail = line.toString("latin1", tailAt);
  const hashAt = PREV.length + HASH_LENGTH + HASH.length;
  const prev = tail.slice(PREV.length, PREV.length + HASH_LENGTH);
  const hash = tail.slice(hashAt, hashAt + HASH_LENGTH);
  if (!isSha256Text(prev) || !isSha256Text(hash) || tail !== `${PREV}${prev}${HASH}${hash}${END}`)
    return undefined;
  return { receiptText: line.subarray(RECEIPT.length, tailAt), prevHash: prev, recordHash: hash };
}
