// A guarded server is killed while it works. Its log has every call of which the client holds an answer, says what was
// unfinished, and shows an edit by hand. Ends with exit status 1 if any of it does not hold.
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { AuditLog, restoreBundle } from "signet-mcp/audit";

import { setUp } from "../setup.mjs";
import { putUnderLoad, startServer } from "./client.mjs";
import { editByHand } from "./edit.mjs";

const parties = await setUp();
const { registry, remove } = parties;
const folder = dirname(registry);
const audit = join(folder, "audit");

try {
  const held = await killUnderLoad();
  const unfinished = await lookAfterTheCrash(held);
  await startAgain(unfinished);
  await verifyTheLog();
  await findAnEdit();
  await handOutEvidence();
} finally {
  await remove();
}

async function killUnderLoad() {
  console.log("\nA guarded server under load");
  const { client, held, pid } = await startServer(parties, audit);
  const load = putUnderLoad(client);
  while (held.length < 500 && load.unanswered === 0) await pause(10);
  process.kill(pid, "SIGKILL");
  await load.done;
  assert.ok(held.length >= 500);
  assert.equal(load.sent, held.length + load.unanswered);
  console.log(
    `  killed    by SIGKILL, after ${held.length} answers, with ${load.unanswered} calls in flight`,
  );
  return held;
}

async function lookAfterTheCrash(held) {
  console.log("\nWhat is in the log");
  // Opened to be written to, it sets a line aside that the kill tore, and tells whose server is gone.
  const log = await AuditLog.open(audit);
  const logged = new Map();
  for await (const { record } of log.query()) logged.set(record.receipt.id, record.receipt);
  for (const countersignature of held) assert.deepEqual(logged.get(countersignature.id), countersignature);
  console.log(`  there     all ${held.length} countersignatures that the client holds`);

  const unfinished = await log.unfinished();
  const slow = unfinished.filter(({ tool }) => tool === "github_list_issues");
  assert.equal(slow.length, 3);
  assert.ok(unfinished.every(({ state }) => state === "gone"));
  console.log(`  open      ${unfinished.length} calls that were let through and have no end, among them`);
  for (const { tool, signer, place } of slow) console.log(`            ${at(place)} ${tool} of ${signer}`);
  await log.close();
  return unfinished;
}

async function startAgain(unfinished) {
  console.log("\nThe server starts again");
  const { client, held } = await startServer(parties, audit);
  await client.callTool({ name: "github_create_issue", arguments: { title: "still works" } });
  assert.equal(held.length, 1);
  await client.close();

  const log = await AuditLog.open(audit, { readOnly: true });
  const ended = new Set();
  for await (const { summary } of log.query({ code: "outcome_unknown" })) ended.add(summary.intentId);
  assert.deepEqual(ended, new Set(unfinished.map(({ id }) => id)));
  assert.deepEqual(await log.unfinished(), []);
  console.log(
    `  ended     the ${ended.size} calls, with a signed "outcome_unknown": their tools may have run`,
  );
  console.log("  accepted  a new call: the chain goes on");
}

async function verifyTheLog() {
  console.log("\nThe log, verified against the registry");
  const log = await AuditLog.open(audit, { readOnly: true });
  const report = await log.verify({ registry });
  assert.deepEqual(report.findings, []);
  assert.equal(report.verified, report.records);
  assert.equal(report.counts.intent, report.counts.countersigned);
  console.log(`  verified  ${report.records} records, in one chain, with all their signatures:`);
  console.log(`            ${report.counts.intent} calls, each with its end`);
}

async function findAnEdit() {
  console.log("\nOne record, edited by hand");
  const { copy, place, before, after } = await editByHand(audit, join(folder, "edited"));
  const log = await AuditLog.open(copy, { readOnly: true });
  const { ok, findings } = await log.verify({ registry });
  assert.equal(ok, false);
  const [found] = findings;
  assert.equal(found.code, "hash_mismatch");
  assert.deepEqual(found.place, place);
  console.log(`  edited    ${before}\n            ${after}`);
  console.log(`  found     ${found.code} at ${at(found.place)}`);
  console.log(`            expected ${found.expected}\n            found    ${found.found}`);
}

async function handOutEvidence() {
  console.log("\nEvidence for an auditor");
  const bundle = join(folder, "evidence");
  const log = await AuditLog.open(audit, { readOnly: true });
  const { record_count: count } = await log.bundle(bundle, { registry, host: "github-mcp" });
  console.log(`  written   ${count} records, their manifest and the registry`);

  const { ok, records } = await restoreBundle(bundle);
  assert.ok(ok);
  assert.equal(records.verified, count);
  assert.equal(records.tip, (await log.verify({ registry })).tip);
  console.log(`  restored  ${records.verified} records, verified with nothing but the bundle\n`);
}

function at({ file, line }) {
  return `${file}:${line}`;
}
