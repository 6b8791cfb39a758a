/**
 * Bench of the audit log: durable appends beside what they are made of, appends to small and large files, and guarded
 * calls on record beside calls that are not. Logs are written where the system keeps temporary files, which should be a disk.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runChild } from "./child.mjs";

const WAYS = { guard: "verify + countersign", server: "call of a protected server" };

export async function benchAudit() {
  return [
    ...appendRows(await runInFolder("audit-append-child.mjs")),
    ...growthRows(await runInFolder("audit-growth-child.mjs")),
    ...guardRows(await runInFolder("audit-guard-child.mjs")),
  ];
}

async function runInFolder(script) {
  const folder = await mkdtemp(join(tmpdir(), "signet-bench-"));
  try {
    return await runChild(script, [folder]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function appendRows({ ways, receiptBytes }) {
  const size = `${Math.round(receiptBytes)} B`;
  const rate = (name, { perSecond }, more = {}) => ({ name, value: perSecond, unit: "appends/s", ...more });
  const latency = (name, { p50, p99 }, target) => [
    { name: `${name}, p50`, value: p50, unit: "ms" },
    { name: `${name}, p99`, value: p99, unit: "ms", ...(target === undefined ? {} : { target }) },
  ];
  const { bare, unsyncedGroups, syncedGroups, one, many, manyTexts, manyUnsynced } = ways;
  return [
    rate(`bare write + fdatasync a record of ${size}, 1 caller`, bare),
    rate("durable append, 1 caller, of that", one, { share: one.ofBare }),
    ...latency("durable append, 1 caller", one),
    rate("durable append, 64 callers", many, { target: { atLeast: 20_000 } }),
    ...latency("durable append, 64 callers", many, { atMost: 10 }),
    { name: "durable append, 64 callers, over bare with 1", value: many.ofBare, unit: "x" },
    rate("hash, line and write by 64, without fdatasync", unsyncedGroups),
    rate("durable append, 64 callers, of that", many, { share: many.ofUnsynced }),
    rate('append with durability "os", 64 callers, of that', manyUnsynced, {
      share: manyUnsynced.ofUnsynced,
    }),
    rate("hash, line, write and fdatasync by 64", syncedGroups),
    rate("durable append, 64 callers, of that", many, { share: many.ofSynced }),
    rate("durable append of a text, 64 callers, of that", manyTexts, { share: manyTexts.ofSynced }),
    ...latency("durable append of a text, 64 callers", manyTexts),
  ];
}

function growthRows(sizes) {
  const appends = ["sync", "os"].flatMap((durability) =>
    sizes.map(({ records, [durability]: { microseconds, ofSmallest } }, index) => ({
      name: `append "${durability}", 64 callers, ${records.toLocaleString("en")} records in the file`,
      value: microseconds,
      unit: "µs",
      ...(index === 0 ? {} : { share: ofSmallest, target: { atMost: 1.2 } }),
    })),
  );
  const opening = sizes.map(({ records, openMs }) => ({
    name: `open a log, ${records.toLocaleString("en")} records`,
    value: openMs,
    unit: "ms",
  }));
  return [...appends, ...opening];
}

function guardRows({ compared, limit }) {
  const rows = compared.flatMap(({ way, inFlight, off, on, share }) => [
    { name: `${WAYS[way]}, ${inFlight} in flight, not on record`, value: off, unit: "calls/s" },
    {
      name: `${WAYS[way]}, ${inFlight} in flight, on record`,
      value: on,
      unit: "calls/s",
      share,
      ...(inFlight === 64 ? { target: { atLeast: 0.6 } } : {}),
    },
  ]);
  const { on } = compared.find(({ way, inFlight }) => way === "guard" && inFlight === 1);
  const bareName = "verify + countersign, 1 in flight, and bare write + fdatasync twice";
  return [
    ...rows,
    { name: bareName, value: limit.bare, unit: "calls/s", share: limit.share },
    {
      name: "verify + countersign, 1 in flight, on record, of that",
      value: on,
      unit: "calls/s",
      share: limit.ofBare,
    },
  ];
}
