/** Verifies the log in a directory; prints records a second and the peak of this process's memory. With `--limit`, bare signatures. */
import { generateKeyPairSync, randomBytes, sign, verify } from "node:crypto";
import { median } from "./statistics.mjs";

const [dir] = process.argv.slice(2);
console.log(JSON.stringify(dir === "--limit" ? { limit: measureLimit() } : await measure()));

async function measure() {
  const { verifyAudit } = await import("../../dist/audit/index.js");
  const began = performance.now();
  const { ok, records, verified, tip } = await verifyAudit(dir);
  const seconds = (performance.now() - began) / 1000;
  if (!ok || verified !== records) throw new Error(`${verified} of ${records} records verified`);
  // In kilobytes.
  return { rate: records / seconds, records, tip, megabytes: process.resourceUsage().maxRSS / 1024 };
}

/** What one core does of `node:crypto` alone, with a text as long as the log's: verifications a second. */
function measureLimit() {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const text = randomBytes(600);
  const signature = sign(null, text, privateKey);
  const rates = Array.from({ length: 5 }, () => {
    const began = performance.now();
    let count = 0;
    while (performance.now() - began < 1000) for (let round = 0; round < 100; round++, count++) verify(null, text, publicKey, signature);
    return count / ((performance.now() - began) / 1000);
  });
  return median(rates);
}
