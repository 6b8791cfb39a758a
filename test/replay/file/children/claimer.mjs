/**
 * Claims nonces at a file store, for tests.
 * `node claimer.mjs DIR all NAME COUNT` claims each of COUNT nonces 8 times, 8 at once, and prints those it won as JSON.
 * `node claimer.mjs DIR loop NAME FILE` claims on and on, 8 at once, until it is killed; several processes claim the same nonces. It
 * writes what came of each claim, the nonce, and how long the longest claim took into FILE before it goes on.
 * `node claimer.mjs DIR exit NAME MS` claims on and on, and calls `process.exit(7)` so many milliseconds after its store is open.
 * `node claimer.mjs DIR told` claims on and on, and calls `process.exit(7)` when it is told to.
 * `node claimer.mjs DIR start NAME MS` calls `process.exit(7)` so many milliseconds after it began to open its store.
 * `node claimer.mjs DIR hold NAME MS` has lmdb's lock of the store for so many milliseconds.
 */
import { openSync, writeSync } from "node:fs";
import { open } from "lmdb";
import { createFileReplayStore } from "../../../../dist/replay/file/index.js";

const [path, mode, name, last] = process.argv.slice(2);
const exitLater = () => setTimeout(() => process.exit(7), Number(last));
if (mode === "hold") {
  const database = open({ path, overlappingSync: false });
  database.transactionSync(() => {
    console.log("ready");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(last));
  });
  process.exit();
}
if (mode === "start") {
  console.log("ready");
  exitLater();
}
const store = await createFileReplayStore({ path });
const KEY = "ed25519:alice";
const LIFE_MS = 600_000;
if (mode === "exit") exitLater();
if (mode === "told") process.stdin.once("data", () => process.exit(7));
if (mode !== "start") console.log("ready");

if (mode === "all") {
  const won = [];
  const claimAll = async () => {
    for (let index = 0; index < Number(last); index++) {
      const now = Date.now();
      if ((await store.claim(KEY, `${name} ${index}`, now + LIFE_MS, now)) === "claimed") won.push(index);
    }
  };
  process.stdin.once("data", async () => {
    await Promise.all(Array.from({ length: 8 }, claimAll));
    console.log(JSON.stringify(won));
    await store.close();
    process.exit();
  });
} else {
  const file = mode === "loop" ? openSync(last, "a") : openSync("/dev/null", "a");
  let longestMs = 0;
  const claimOn = async (worker) => {
    for (;;) {
      const now = Date.now();
      const nonce = `${name} ${Math.floor(now / 20)} ${worker}`;
      const began = performance.now();
      const outcome = await store.claim(KEY, nonce, now + LIFE_MS, now).catch((error) => error.code);
      longestMs = Math.max(longestMs, performance.now() - began);
      // Written before anything else is done: a line that is lost with the process is a call that never ran.
      writeSync(file, `${outcome}\t${nonce}\t${longestMs}\n`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, (_, worker) => claimOn(worker)));
}
