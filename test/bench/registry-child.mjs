/** Measures look-ups by key in registries of two sizes, and the parsing of a YAML one; prints JSON. */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { parseTrustRegistry } from "../../dist/trust/index.js";
import { median } from "./statistics.mjs";

/** Keys that are looked up. A key's first use, with its check on the curve, is dear, and is not what is measured. */
const USED = 500;
const LOOKUPS = 200_000;
const ROUNDS = 9;

const used = Array.from({ length: USED }, () => {
  const { x } = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
  return Buffer.from(x, "base64url");
});

const small = measureLookups(10);
const large = measureLookups(100_000);
const text = registryText(keys(10_000));
const loads = Array.from({ length: 3 }, () => {
  const began = performance.now();
  parseTrustRegistry(text);
  return performance.now() - began;
});
console.log(JSON.stringify({ small, large, loadMs: median(loads) }));

/** @returns look-ups a second. */
function measureLookups(size) {
  const registry = parseTrustRegistry(registryText(keys(size)));
  // As texts come off the wire: equal to those of the registry, not the same.
  const texts = JSON.parse(JSON.stringify(used.slice(0, size).map(keyText)));
  const now = Date.now();
  for (const text of texts) lookUp(registry, text, now);
  const rates = [];
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now();
    for (let index = 0; index < LOOKUPS; index++) lookUp(registry, texts[index % texts.length], now);
    rates.push((LOOKUPS / (performance.now() - began)) * 1000);
  }
  return median(rates);
}

function lookUp(registry, text, now) {
  const found = registry.lookUp("agents", text, now);
  if (!found.ok) throw new Error(found.detail);
}

/** Sound keys first; the rest only fill the index, so random bytes do. */
function keys(count) {
  return Array.from({ length: count }, (_, index) => used[index] ?? randomBytes(32));
}

function keyText(bytes) {
  return `ed25519:${bytes.toString("base64")}`;
}

function registryText(all) {
  const entries = all.map(
    (bytes, index) =>
      `  - id: agent-${index}\n    name: agent-${index}\n    owner: bench\n    pubkey: ${keyText(bytes)}\n` +
      `    status: active\n    created_at: 2026-01-01T00:00:00Z\n`,
  );
  return (
    "version: 1\nbundle_id: tb_bench\norg: bench\nenv: test\ngenerated_at: 2026-01-01T00:00:00Z\n" +
    `roots: []\nagents:\n${entries.join("")}servers: []\n`
  );
}
