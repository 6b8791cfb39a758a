/**
 * Measures appends of receipts of some 600 bytes, in turn with what they are made of, and prints JSON: of each way its
 * rate, p50 and p99, and the ratios to the two limits, taken round by round. Takes a folder on a disk.
 */
import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { AuditLog } from "../../dist/audit/index.js";
import { runCallers, chainLines, GENESIS, makeReceipts } from "./audit-load.mjs";
import { median, percentile } from "./statistics.mjs";

const ROUNDS = 15;
const MEASURE_MS = 300;
const WARM_UP_MS = 1000;
const CALLERS = 64;

const [folder] = process.argv.slice(2);
const receipts = await makeReceipts(512);
const texts = receipts.map(({ text }) => text);
const receiptOf = (index) => receipts[index % receipts.length].receipt;
const textOf = (index) => texts[index % texts.length];

const synced = await AuditLog.open(join(folder, "synced"));
const unsynced = await AuditLog.open(join(folder, "unsynced"), { durability: "os" });
await mkdir(join(folder, "bare"));
const bare = await open(join(folder, "bare", "lines"), "ax");
const groups = await open(join(folder, "bare", "groups"), "ax");
const unsyncedGroups = await open(join(folder, "bare", "unsynced-groups"), "ax");
const { bytes: line } = chainLines([textOf(0)], GENESIS);
let last = GENESIS;

const WAYS = {
  // The limits: a line and an fdatasync at a time, and all but the fdatasync for as many as there are callers.
  bare: { callers: 1, append: writeBare },
  unsyncedGroups: {
    callers: 1,
    records: CALLERS,
    append: (index) => writeGroup(unsyncedGroups, index),
    after: () => unsyncedGroups.truncate(0),
  },
  syncedGroups: {
    callers: 1,
    records: CALLERS,
    append: async (index) => {
      await writeGroup(groups, index);
      await groups.datasync();
    },
  },
  one: { callers: 1, append: (index) => synced.append(receiptOf(index)) },
  many: { callers: CALLERS, append: (index) => synced.append(receiptOf(index)) },
  // As the guard appends: it has the canonical text already.
  manyTexts: { callers: CALLERS, append: (index) => synced.appendText(textOf(index)) },
  manyUnsynced: {
    callers: CALLERS,
    append: (index) => unsynced.append(receiptOf(index)),
    after: syncLater,
  },
};
const names = Object.keys(WAYS);

for (const name of names) await measure(WAYS[name], WARM_UP_MS);
const rounds = [];
for (let round = 0; round < ROUNDS; round++) {
  const measured = {};
  for (let turn = 0; turn < names.length; turn++) {
    const name = names[(round + turn) % names.length];
    measured[name] = await measure(WAYS[name], MEASURE_MS);
  }
  rounds.push(measured);
}
await Promise.all([synced.close(), unsynced.close(), bare.close(), groups.close(), unsyncedGroups.close()]);

const summary = (name) => ({
  perSecond: median(rounds.map((round) => round[name].perSecond)),
  p50: median(rounds.map((round) => percentile(round[name].latencies, 50))),
  p99: median(rounds.map((round) => percentile(round[name].latencies, 99))),
  // Of each limit, in the same round.
  ofBare: median(rounds.map((round) => round[name].perSecond / round.bare.perSecond)),
  ofUnsynced: median(rounds.map((round) => round[name].perSecond / round.unsyncedGroups.perSecond)),
  ofSynced: median(rounds.map((round) => round[name].perSecond / round.syncedGroups.perSecond)),
});
const ways = Object.fromEntries(names.map((name) => [name, summary(name)]));
console.log(JSON.stringify({ ways, receiptBytes: median(texts.map(({ length }) => length)) }));

/** @param after - Leaves nothing to be written to the disk while the next way has its turn. */
async function measure({ callers, records = 1, append, after }, forMs) {
  const endMs = performance.now() + forMs;
  const { ms, latencies } = await runCallers(callers, () => performance.now() < endMs, append);
  await after?.();
  return { perSecond: (latencies.length * records * 1000) / ms, latencies };
}

async function writeBare() {
  const { bytesWritten } = await bare.write(line);
  if (bytesWritten !== line.length) throw new Error("a line was not written whole");
  await bare.datasync();
}

async function writeGroup(handle, index) {
  const some = Array.from({ length: CALLERS }, (_, at) => textOf(index * CALLERS + at));
  const { bytes, last: newest } = chainLines(some, last);
  last = newest;
  await handle.write(bytes);
}

async function syncLater() {
  const { file } = await unsynced.append(receiptOf(0));
  const handle = await open(join(unsynced.dir, file));
  await handle.datasync();
  await handle.close();
}
