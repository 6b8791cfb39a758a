/** Measures one size of the memory replay store, and prints JSON. Takes the number of live nonces; needs --expose-gc. */
import { randomBytes } from "node:crypto";
import { createMemoryReplayStore } from "../../dist/replay/index.js";

const live = Number(process.argv[2]);
const START = Date.now();
const LIFE_MS = 331_000;
const BATCH = 10_000;
/** Claims are counted in rounds, and the median of their rates is told: a neighbour on the processor spoils only some. */
const ROUNDS = 31;
const BATCHES_A_ROUND = 10;
/** Below this the noise of the process is larger than the store, so many stores are weighed together. */
const WEIGHED_NONCES = 1_000_000;
const KEYS = Array.from({ length: 16 }, () => `ed25519:${randomBytes(32).toString("base64")}`);

let now = START;
let nonces = 0;

// Warm up first, so that compiled code and the heap's first growth are not weighed.
claimSteadily(createStore(1000), 1000, 2);

const { heapBytes, residentBytes, longestClaimMs, store } = weigh();
const claimsPerSecond = claimSteadily(store, live, ROUNDS);
console.log(JSON.stringify({ claimsPerSecond, heapBytes, residentBytes, longestClaimMs }));

function createStore(capacity) {
  // Nonces live one time bucket longer than they must, so a little more than `live` are there at once.
  const room = capacity * 2;
  return createMemoryReplayStore({ capacity: room, perSignerShare: room, clock: () => now });
}

/** Fills stores, and tells what they take and how much processor time the slowest claim of all took. */
function weigh() {
  const count = Math.max(1, Math.round(WEIGHED_NONCES / live));
  const before = memory();
  const stores = Array.from({ length: count }, () => createStore(live));
  const longestClaimMs = Math.max(...stores.map(fill));
  const after = memory();
  return {
    heapBytes: (after.heap - before.heap) / (count * live),
    residentBytes: (after.resident - before.resident) / (count * live),
    longestClaimMs,
    store: stores[0],
  };
}

/** Fills a store while its clock stands, with expiries spread over the life of a nonce. */
function fill(store) {
  let longest = 0;
  for (let made = 0; made < live; made += BATCH) {
    const batch = makeNonces(Math.min(BATCH, live - made));
    for (let index = 0; index < batch.length; index++) {
      const expiresAtMs = now + Math.floor(((made + index) / live) * LIFE_MS);
      const began = process.cpuUsage();
      const outcome = store.claim(KEYS[index % KEYS.length], batch[index], expiresAtMs, now);
      const { user, system } = process.cpuUsage(began);
      longest = Math.max(longest, (user + system) / 1000);
      if (outcome !== "claimed") throw new Error(`fill: ${outcome}`);
    }
  }
  return longest;
}

/** Claims fresh nonces at a pace at which as many expire as come, and tells how many a second it managed. */
function claimSteadily(store, atOnce, rounds) {
  const stepMs = LIFE_MS / atOnce;
  let time = now;
  const claimBatch = () => {
    const batch = makeNonces(BATCH);
    const began = performance.now();
    for (let index = 0; index < BATCH; index++) {
      time += stepMs;
      now = Math.floor(time);
      const outcome = store.claim(KEYS[index % KEYS.length], batch[index], now + LIFE_MS, now);
      if (outcome !== "claimed") throw new Error(`steady: ${outcome}`);
    }
    return performance.now() - began;
  };
  const rates = Array.from({ length: rounds }, () => {
    let elapsedMs = 0;
    for (let made = 0; made < BATCHES_A_ROUND; made++) elapsedMs += claimBatch();
    return (BATCH * BATCHES_A_ROUND * 1000) / elapsedMs;
  });
  return rates.sort((a, b) => a - b)[rates.length >> 1];
}

/** Nonces as they come off the wire: JSON.parse gives flat strings. */
function makeNonces(count) {
  const texts = Array.from({ length: count }, () => `"rnd_${(nonces++).toString(16).padStart(32, "0")}"`);
  return JSON.parse(`[${texts.join(",")}]`);
}

function memory() {
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed + external, resident: rss };
}
