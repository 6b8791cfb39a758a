/** The load that every replay store is put under: some callers, each of which claims one fresh nonce after another. */
import { randomBytes } from "node:crypto";
import { percentile } from "./statistics.mjs";

const LIFE_MS = 331_000;
const KEYS = Array.from({ length: 16 }, () => `ed25519:${randomBytes(32).toString("base64")}`);
const RUN = randomBytes(8).toString("hex");
let made = 0;

/** @returns `{ perSecond, p99Ms }` of `seconds` of claims by so many callers, after a short warm-up. */
export async function claimFor(claim, callers, seconds) {
  await run(claim, callers, 0.3);
  const times = [];
  const began = performance.now();
  await run(claim, callers, seconds, times);
  const perSecond = (times.length * 1000) / (performance.now() - began);
  return { perSecond, p99Ms: percentile(times, 99) };
}

/** Claims `count` nonces, 256 at once. */
export async function fill(claim, count) {
  let left = count;
  const work = async () => {
    while (left-- > 0) await claimOne(claim);
  };
  await Promise.all(Array.from({ length: 256 }, work));
}

async function run(claim, callers, seconds, times) {
  const end = performance.now() + seconds * 1000;
  const work = async () => {
    for (let now = performance.now(); now < end;) {
      await claimOne(claim);
      const after = performance.now();
      times?.push(after - now);
      now = after;
    }
  };
  await Promise.all(Array.from({ length: callers }, work));
}

async function claimOne(claim) {
  const now = Date.now();
  const outcome = await claim(
    KEYS[made % KEYS.length],
    `rnd_${RUN}${(made++).toString(16).padStart(16, "0")}`,
    now + LIFE_MS,
    now,
  );
  if (outcome !== "claimed") throw new Error(`a fresh nonce was ${outcome}`);
}
