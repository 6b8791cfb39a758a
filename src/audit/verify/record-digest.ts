import { hash } from "node:crypto";

import type { Sha256Text } from "../../crypto/digest.js";

const START = '{"prev_hash":"';
const MIDDLE = '","receipt":';
const HASH_LENGTH = 71;
const PREFIX_LENGTH = START.length + HASH_LENGTH + MIDDLE.length;
const CLOSING_BRACE = 0x7d;

let scratch = newScratch(64 * 1024);

/** The same as `recordHash`, for many records in a row: hashing in one go takes half of the time. */
export function digestRecord(receiptText: Uint8Array, prevHash: Sha256Text): Sha256Text {
  const length = PREFIX_LENGTH + receiptText.length + 1;
  if (length > scratch.length) scratch = newScratch(length * 2);
  scratch.write(prevHash, START.length, "latin1");
  scratch.set(receiptText, PREFIX_LENGTH);
  scratch[length - 1] = CLOSING_BRACE;
  return `sha256:${hash("sha256", scratch.subarray(0, length), "hex")}`;
}

function newScratch(size: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(size);
  bytes.write(START, 0, "latin1");
  bytes.write(MIDDLE, START.length + HASH_LENGTH, "latin1");
  return bytes;
}
