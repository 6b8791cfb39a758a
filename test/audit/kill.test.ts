import { rmSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";

import { AuditLog } from "../../src/audit/log.js";
import { readChain } from "./support/chain.js";
import { Child } from "./support/child.js";
import { newLogDir, note } from "./support/log-dir.js";

const ROUNDS = 300;
const ROUNDS_PER_LOG = 20;

/** What the records of a log are called, each by its writer and number. */
function namesIn(dir: string): Set<string> {
  return new Set(readChain(dir).map(({ receipt }) => `${String(receipt["name"])}:${String(receipt["n"])}`));
}

describe("a log whose writer is killed", () => {
  it("has every record that was acknowledged, and goes on", async () => {
    let dir = newLogDir();
    let acknowledged: string[] = [];
    let total = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const child = new Child("appender.mjs", dir, `r${round}`, 1e9, 1 + (round % 8), 200_000);
      await child.says("ready");
      await pause(Math.random() * 60);
      await child.kill();
      acknowledged.push(...child.numbers.map((n) => `r${round}:${n}`));
      if ((round + 1) % ROUNDS_PER_LOG !== 0) continue;
      const log = await AuditLog.open(dir);
      await log.append(note(1));
      await log.close();
      const found = namesIn(dir);
      expect(acknowledged.filter((name) => !found.has(name))).toEqual([]);
      total += acknowledged.length;
      acknowledged = [];
      rmSync(dir, { recursive: true });
      dir = newLogDir();
    }
    expect(total).toBeGreaterThan(ROUNDS);
  }, 600_000);
});

describe("several processes on one log", () => {
  it("write one chain", async () => {
    const dir = newLogDir();
    const children = ["a", "b", "c", "d"].map((name) => new Child("appender.mjs", dir, name, 5000, 16, 50));
    expect(await Promise.all(children.map((child) => child.ended()))).toEqual([0, 0, 0, 0]);
    const names = readChain(dir).map(({ receipt }) => `${String(receipt["name"])}:${String(receipt["n"])}`);
    expect(names).toHaveLength(20_000);
    expect(new Set(names).size).toBe(20_000);
  }, 120_000);

  it("wait for a lock whose holder is stopped, however long, and go on when it is killed", async () => {
    const dir = newLogDir();
    const first = await AuditLog.open(dir);
    await first.append(note(0));
    await first.close();
    const holder = new Child("lock-holder.mjs", dir);
    await holder.says("held");
    holder.process.kill("SIGSTOP");
    const logs = [
      new Child("appender.mjs", dir, "a", 10, 2, 50),
      new Child("appender.mjs", dir, "b", 10, 2, 50),
    ];
    await pause(15_000);
    expect(readChain(dir)).toHaveLength(1);
    expect(logs.flatMap((child) => child.lines)).toEqual([]);
    const killedAt = performance.now();
    await holder.kill();
    await Promise.all(logs.map((child) => child.ended()));
    expect(performance.now() - killedAt).toBeLessThan(3000);
    expect(readChain(dir)).toHaveLength(21);
  }, 60_000);

  it("write one chain while one of them is stopped and goes on, again and again", async () => {
    const dir = newLogDir();
    const children = ["a", "b", "c"].map((name) => new Child("appender.mjs", dir, name, 1e9, 8, 50));
    await Promise.all(children.map((child) => child.says("ready")));
    for (let round = 0; round < 30; round++) {
      const child = children[round % children.length];
      child?.process.kill("SIGSTOP");
      await pause(Math.random() * 100);
      child?.process.kill("SIGCONT");
      await pause(Math.random() * 20);
    }
    await Promise.all(children.map((child) => child.kill()));
    const log = await AuditLog.open(dir);
    await log.close();
    const found = namesIn(dir);
    children.forEach((child, index) => {
      const name = ["a", "b", "c"][index] ?? "";
      expect(child.numbers.filter((n) => !found.has(`${name}:${n}`))).toEqual([]);
      expect(child.numbers.length).toBeGreaterThan(0);
    });
  }, 60_000);
});
