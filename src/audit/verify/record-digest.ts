import { hash } from "node:crypto";

import type { Sha256Text } from "../../crypto/digest.js";

const START = '{"prev_hash":"';
const MIDDLE = '","receipt":';
const PREFIX_LENGTH = START.length + 71 + MIDDLE.length;
const CLOSING_BRACE = 0x7d;

let scratch = Buffer.allocUnsafeSlow(64 * 1024);
scratch.write(START, 0, "latin1");

/** The same as `recordHash`, for many records in a row: hashing in one go takes half of the time. */
export function digestRecord(receiptText: Uint8Array, prevHash: Sha256Text): Sha256Text {
  const length = PREFIX_LENGTH + receiptText.length + 1;
  if (length > scratch.length) {
    scratch = Buffer.allocUnsafeSlow(length * 2);
    scratch.write(START, 0, "latin1");
  }
  scratch.write(prevHash, START.length, "latin1");
  scratch.write(MIDDLE, START.length + 71, "latin1");
  scratch.set(receiptText, PREFIX_LENGTH);
  scratch[length - 1] = CLOSING_BRACE;
  return `sha256:${hash("sha256", scratch.subarray(0, length), "hex")}`;
}
