// Four replicas of a guarded server behind nginx share their nonces, first in Redis and then in PostgreSQL. Each call of a client runs once,
// on whichever replica it comes to; sent again, to each replica, it is refused. Ends with exit status 1 if any of it does not hold.
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";

import { startServer } from "../server-process.mjs";
import { setUp } from "../setup.mjs";
import { clockSkewMs } from "./clock-skew.mjs";
import { startNginx } from "./nginx.mjs";
import { missing, services } from "./services.mjs";
import { callTool, sendAgain } from "./traffic.mjs";

const REPLICAS = 4;
const CALLS = 2000;

if (missing.length > 0) {
  console.log(
    `Not run: ${missing.join(", ")} not installed. On Debian: apt-get install ${missing.join(" ")}`,
  );
  process.exit(process.env.CI ? 1 : 0);
}

const parties = await setUp();
try {
  await runOn("redis", "Redis");
  await runOn("postgres", "PostgreSQL");
} finally {
  await parties.remove();
}

async function runOn(store, name) {
  const { registry, serverKey, target } = parties;
  const running = [];
  try {
    const service = await services[store]();
    running.unshift(service);
    const replica = () =>
      startServer(new URL("server.mjs", import.meta.url), [registry, serverKey, target, store, service.url]);
    const replicas = await Promise.all(Array.from({ length: REPLICAS }, replica));
    running.unshift(...replicas);
    const urls = replicas.map(({ url }) => url);
    const nginx = await startNginx(urls);
    running.unshift(nginx);
    // A new store refuses what is dated earlier: see clock-skew.mjs.
    await pause(clockSkewMs + 100);

    const { afresh, captured } = await callTool(nginx.url, parties, CALLS);
    const runs = await runsOf(urls);
    const { replayed = 0, replay_unavailable: unanswered = 0, ...others } = await sendAgain(urls, captured);
    const runsAfter = await runsOf(urls);

    const copies = captured.length * REPLICAS;
    console.log(`\n${REPLICAS} replicas behind nginx, nonces in ${name}`);
    tell("calls, signed", CALLS);
    if (afresh > 0) tell("signed afresh", afresh, "the store had not answered in time");
    tell("accepted", captured.length, "each countersigned, and checked by the client");
    tell("tool runs", sum(runs), `by replica: ${runs.join(", ")}`);
    tell("sent again", copies, "each call, as it was, to each replica");
    if (unanswered > 0) tell("and once more", unanswered, "the store had not answered in time");
    tell("replayed", replayed, "refused");
    for (const [code, number] of Object.entries(others)) tell(code, number);
    tell("tool runs by now", sum(runsAfter), `by replica: ${runsAfter.join(", ")}`);

    assert.equal(captured.length, CALLS);
    assert.equal(sum(runs), CALLS);
    assert.ok(runs.every((ran) => ran > 0));
    assert.equal(replayed, copies);
    assert.deepEqual(others, {});
    assert.deepEqual(runsAfter, runs);
  } finally {
    for (const server of running) await server.stop();
  }
}

async function runsOf(urls) {
  return await Promise.all(urls.map(async (url) => (await fetch(new URL("/runs", url))).json()));
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}

function tell(what, number, remark = "") {
  console.log(`  ${what.padEnd(18)}${String(number).padStart(6)}  ${remark}`.trimEnd());
}
