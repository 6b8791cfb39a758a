/**
 * Measures what it takes to open a log and to append to it with few and with many records in today's file, and prints
 * JSON: microseconds an append, and milliseconds to open. Takes a folder on a disk with room for 1 GB.
 */
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { AuditLog } from "../../dist/audit/index.js";
import { runCallers, makeReceipts, writeDayFile } from "./audit-load.mjs";
import { median } from "./statistics.mjs";

const SIZES = [10, 10_000, 1_000_000];
const LARGEST = SIZES.at(-1);
const DURABILITIES = ["sync", "os"];
const ROUNDS = 11;
const CALLERS = 64;
const WARM_UP = 640;
const APPENDS = 3200;
/** The day stands still: no midnight begins another file. */
const NOW = Date.UTC(2026, 10, 23, 12);
const FILE = "2026-11-23.jsonl";

const [folder] = process.argv.slice(2);
const receipts = await makeReceipts(512);
const texts = receipts.map(({ text }) => text);

await makeLog(LARGEST);
await measureAll();
const rounds = [];
for (let round = 0; round < ROUNDS; round++) rounds.push(await measureAll(round));

const sizes = SIZES.map((records) => {
  const of = (what) => median(rounds.map((round) => what(round[records])));
  const against = (name) =>
    median(rounds.map((round) => round[records][name].microseconds / round[SIZES[0]][name].microseconds));
  const durabilities = DURABILITIES.map((name) => [
    name,
    { microseconds: of((size) => size[name].microseconds), ofSmallest: against(name) },
  ]);
  return { records, openMs: of((size) => size.sync.openMs), ...Object.fromEntries(durabilities) };
});
console.log(JSON.stringify(sizes));

async function measureAll(round = 0) {
  const measured = {};
  for (let turn = 0; turn < SIZES.length; turn++) {
    const records = SIZES[(round + turn) % SIZES.length];
    measured[records] = {};
    for (const durability of DURABILITIES) measured[records][durability] = await measure(records, durability);
  }
  return measured;
}

async function measure(records, durability) {
  // The largest stays: what is appended to it is next to nothing. The others would grow.
  const dir = records === LARGEST ? dirOf(records) : await makeLog(records);
  const beganMs = performance.now();
  const log = await AuditLog.open(dir, { durability, clock: () => NOW });
  const openMs = performance.now() - beganMs;
  const append = (index) => log.append(receipts[index % receipts.length].receipt);
  await runCallers(CALLERS, (begun) => begun < WARM_UP, append);
  const { ms } = await runCallers(CALLERS, (begun) => begun < APPENDS, append);
  await log.close();
  return { openMs, microseconds: (ms * 1000) / APPENDS };
}

async function makeLog(records) {
  const dir = dirOf(records);
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir);
  writeDayFile(join(dir, FILE), texts, records);
  return dir;
}

function dirOf(records) {
  return join(folder, String(records));
}
