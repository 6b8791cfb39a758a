/**
 * Verifies the log in a directory, `DIR [node:crypto|sodium-native]`; prints records a second and the peak of this process's
 * memory. With `--limit`, what one core does of `node:crypto` alone: signatures a second, over texts as long as the log's.
 */
import { generateKeyPairSync, randomBytes, sign, verify } from "node:crypto";
import { median } from "./statistics.mjs";

/** Bytes that are signed of an intent, and of a countersigned receipt. */
const TEXT_BYTES = [560, 1000];
const SIGNATURES = 300;

const [dir, backend] = process.argv.slice(2);
console.log(JSON.stringify(dir === "--limit" ? { perSecond: measureLimit() } : await measure()));

async function measure() {
  if (backend === "sodium-native") {
    const { useSodium } = await import("../../dist/sodium.js");
    await useSodium();
  }
  const { AuditLog } = await import("../../dist/audit/index.js");
  const log = await AuditLog.open(dir, { readOnly: true });
  const began = performance.now();
  const { ok, records, verified } = await log.verify();
  const seconds = (performance.now() - began) / 1000;
  if (!ok || verified !== records) throw new Error(`${verified} of ${records} records verified`);
  // In kilobytes.
  const megabytes = process.resourceUsage().maxRSS / 1024;
  return { perSecond: records / seconds, records, megabytes };
}

function measureLimit() {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const signed = Array.from({ length: SIGNATURES }, (_, index) => {
    const text = randomBytes(TEXT_BYTES[index % TEXT_BYTES.length]);
    return { text, signature: sign(null, text, privateKey) };
  });
  const rates = Array.from({ length: 7 }, () => {
    const began = performance.now();
    let count = 0;
    while (performance.now() - began < 700) {
      for (const { text, signature } of signed) if (verify(null, text, publicKey, signature)) count++;
    }
    return count / ((performance.now() - began) / 1000);
  });
  return median(rates);
}
