/** What the benches of appending have in common: receipts, callers that append at the same time, and files of a log. */
import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { recordHash } from "../../dist/audit/record/record-hash.js";
import { LINE_OVERHEAD, writeLine } from "../../dist/audit/record/record-text.js";
import { canonicalJson, generateSigner, signReceipt } from "../../dist/receipt/index.js";
import { SHAPES, seededRandom } from "./call-arguments.mjs";

const GENESIS = `sha256:${"0".repeat(64)}`;
const WRITE_RECORDS = 1000;

/** Signs calls of 165 bytes of arguments. @returns receipts of some 600 bytes, and their canonical texts as UTF-8. */
export async function makeReceipts(count) {
  const signer = generateSigner();
  const random = seededRandom(3);
  const receipts = [];
  for (let made = 0; made < count; made++) {
    const call = { tool: "create_issue", target: "mcp://bench", transport: "stdio", issuedAtMs: Date.now() };
    receipts.push(await signReceipt({ signer, name: "agent", params: SHAPES["165 B"](random), ...call }));
  }
  return receipts.map((receipt) => ({ receipt, text: Buffer.from(canonicalJson(receipt)) }));
}

/**
 * Has work done by several callers at the same time, each of which waits for its piece before it goes on with the next.
 *
 * @param goesOn - Asked before each piece, with how many were begun.
 * @returns how long it took, and how long each piece did, in milliseconds.
 */
export async function runCallers(callers, goesOn, work) {
  const latencies = [];
  let begun = 0;
  const call = async () => {
    while (goesOn(begun)) {
      const beganMs = performance.now();
      await work(begun++);
      latencies.push(performance.now() - beganMs);
    }
  };
  const beganMs = performance.now();
  await Promise.all(Array.from({ length: callers }, call));
  return { ms: performance.now() - beganMs, latencies };
}

/** Writes lines of a chain into one buffer, as a log does for what it commits together. @returns that, and the last hash. */
export function chainLines(texts, prevHash) {
  const bytes = Buffer.allocUnsafe(texts.reduce((sum, text) => sum + text.length + LINE_OVERHEAD, 0));
  let [length, last] = [0, prevHash];
  for (const text of texts) {
    const hash = recordHash(text, last);
    length += writeLine(bytes, length, text, last, hash);
    last = hash;
  }
  return { bytes: bytes.subarray(0, length), last };
}

/** Writes a day's file with a chain of so many records, of which the receipts come again and again. Durable. */
export function writeDayFile(path, texts, records) {
  const file = openSync(path, "wx", 0o600);
  let last = GENESIS;
  for (let written = 0; written < records; written += WRITE_RECORDS) {
    const count = Math.min(WRITE_RECORDS, records - written);
    const some = Array.from({ length: count }, (_, index) => texts[(written + index) % texts.length]);
    const lines = chainLines(some, last);
    writeSync(file, lines.bytes);
    last = lines.last;
  }
  fsyncSync(file);
  closeSync(file);
}

export { GENESIS };
