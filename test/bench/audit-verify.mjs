/**
 * Bench of verifying a whole log: records a second as a share of what all cores do of bare `node:crypto` verifications, and
 * the peak of memory, for a small and a large one.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { runChild } from "./child.mjs";

const SIZES = [50_000, 1_000_000];

export async function benchAuditVerify() {
  const rows = [];
  for (const records of SIZES) rows.push(...(await benchSize(records)));
  return rows;
}

async function benchSize(records) {
  const folder = await mkdtemp(join(tmpdir(), "signet-bench-"));
  try {
    await runChild("audit-log-child.mjs", [folder, String(records)]);
    // The machine may slow down in between: before and after.
    const before = await measureLimit();
    const node = await runChild("audit-verify-child.mjs", [folder, "node:crypto"], []);
    const limit = (before + (await measureLimit())) / 2;
    const sodium = await runChild("audit-verify-child.mjs", [folder, "sodium-native"], []);
    return toRows(records, limit, node, sodium);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** All cores at the same time. */
async function measureLimit() {
  const cores = Array.from({ length: availableParallelism() }, () =>
    runChild("audit-verify-child.mjs", ["--limit"]),
  );
  const rates = await Promise.all(cores);
  return rates.reduce((sum, { perSecond }) => sum + perSecond, 0);
}

function toRows(records, limit, node, sodium) {
  const log = `a log of ${records.toLocaleString("en")}`;
  return [
    { name: `signatures by node:crypto alone, all cores`, value: limit, unit: "signatures/s" },
    {
      name: `verify ${log}`,
      value: node.perSecond,
      unit: "records/s",
      share: node.perSecond / limit,
      // Starting threads, and compiling what they run, takes its second of a small log's few.
      ...(records === SIZES.at(-1) ? { target: { atLeast: 0.8 } } : {}),
    },
    { name: `the same, peak memory`, value: node.megabytes, unit: "MB", target: { atMost: 200 } },
    {
      name: `verify ${log} with sodium-native`,
      value: sodium.perSecond,
      unit: "records/s",
      share: sodium.perSecond / limit,
    },
  ];
}
