import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { AuditLog } from "../../src/audit/log.js";
import { readChain } from "./support/chain.js";
import { Child } from "./support/child.js";
import { FaultyFileSystem } from "./support/faulty-file-system.js";
import { newLogDir, note } from "./support/log-dir.js";

const NOON = Date.parse("2026-11-26T12:00:00Z");
const DAY_MS = 86_400_000;

describe("what is done while nobody else writes", () => {
  it("is done while this process does not write either", async () => {
    const dir = newLogDir();
    let now = NOON;
    const clock = (): number => now;
    const [log, other] = [await AuditLog.open(dir, { clock }), await AuditLog.open(dir, { clock })];
    for (let day = 0; day < 6; day++) {
      await log.append(note(day));
      now += DAY_MS;
    }
    const through = new AbortController();
    const append = async (one: AuditLog): Promise<void> => {
      for (let n = 0; !through.signal.aborted || n < 50; n++) await one.append(note(100 + n));
    };
    const appending = [append(log), append(log), append(other), append(other)];
    for (let round = 0; round < 30; round++) {
      await log.compress();
      const abandoned = await log.takeAbandoned();
      await abandoned.release(new Set());
    }
    through.abort();
    await Promise.all(appending);
    await Promise.all([log.close(), other.close()]);
    const reader = await AuditLog.open(dir, { readOnly: true });
    const { findingCounts, records } = await reader.verify();
    expect(findingCounts).toEqual({ unknown_type: records });
  });

  it("is done by one process at a time where it takes long", async () => {
    const dir = newLogDir();
    let now = NOON;
    const log = await AuditLog.open(dir, { clock: () => now });
    for (let day = 0; day < 3; day++) {
      for (let n = 0; n < 500; n++) await log.append({ ...note(n), text: "x".repeat(500) });
      now += DAY_MS;
    }
    const other = await AuditLog.open(dir, { clock: () => now });
    const outcomes = await Promise.allSettled([log.compress(), other.compress(), log.compress()]);
    const codes = outcomes.map((one) =>
      one.status === "fulfilled" ? "done" : (one.reason as { code: string }).code,
    );
    expect(codes.filter((code) => code === "done")).toHaveLength(1);
    expect(codes.filter((code) => code === "audit_busy")).toHaveLength(2);
    expect(readdirSync(dir).filter((name) => name.endsWith(".part"))).toEqual([]);
    expect(await log.verify()).toMatchObject({ records: 1500 });
    await Promise.all([log.close(), other.close()]);
  });

  it("clears away what a crash left of it", async () => {
    const dir = newLogDir();
    const log = await AuditLog.open(dir);
    await log.append(note(1));
    writeFileSync(join(dir, "2026-11-01.jsonl.0123.gz.part"), "part");
    await log.compress();
    expect(readdirSync(dir).filter((name) => name.endsWith(".part"))).toEqual([]);
    await log.close();
  });
});

describe("a lock that another process holds and does not let go of", () => {
  it("is told of by health, and does not keep the log from being closed", async () => {
    const dir = newLogDir();
    const log = await AuditLog.open(dir);
    await log.append(note(0));
    const holder = new Child("lock-holder.mjs", dir);
    await holder.says("held");
    const appended = log.append(note(1)).catch((error: unknown) => error);
    await new Promise((resolve) => setTimeout(resolve, 5200));
    expect(log.health()).toMatchObject({ ok: false, state: "open", waiting: 0 });
    expect(log.health().problem).toContain("lock");
    await log.close();
    expect(await appended).toMatchObject({ code: "audit_closed" });
    await holder.kill();
    expect(readChain(dir)).toHaveLength(1);
  }, 30_000);
});

describe("a clock that gives no time", () => {
  it.each([Number.NaN, 8.64e15, -1e15])("keeps the log from writing until it does (%d)", async (odd) => {
    const dir = newLogDir();
    let now = NOON;
    const log = await AuditLog.open(dir, { clock: () => now });
    await log.append(note(1));
    now = odd;
    await expect(log.append(note(2))).rejects.toMatchObject({ code: "audit_clock" });
    now = NOON;
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await log.append(note(3));
    await log.close();
    expect(readChain(dir).map(({ receipt }) => receipt["n"])).toEqual([1, 3]);
  });
});

describe("what is in the way of a file of the log's own", () => {
  it("is passed over: a pipe or a directory is no journal and no repair", async () => {
    const dir = newLogDir();
    mkdirSync(join(dir, "writers", "x.open"), { recursive: true });
    execFileSync("mkfifo", [join(dir, "2026-11-26.jsonl.7.broken-pending"), join(dir, "writers", "y.open")]);
    const log = await AuditLog.open(dir);
    await log.append(note(1));
    const abandoned = await log.takeAbandoned();
    expect(abandoned.intents).toEqual([]);
    await abandoned.release(new Set());
    expect(await log.unfinished()).toEqual([]);
    await log.close();
  });
});

describe("an intent whose record may have been written", () => {
  const id = `rec_${"0".repeat(32)}`;

  it("stays noted as let through, and one that was not does not", async () => {
    const counts = new Map<string, number>();
    for (const fault of ["EIO", "short"] as const) {
      for (let at = 0; ; at++) {
        const dir = newLogDir();
        const files = new FaultyFileSystem(at, fault);
        const log = await AuditLog.openWith(files, dir).catch(() => undefined);
        const outcome = await log
          ?.appendText(Buffer.from(`{"n":1,"type":"note"}`), { id, event: "let_through" })
          .catch(() => "refused");
        await log?.close();
        if (files.hit === undefined) break;
        if (outcome !== "refused") continue;
        const isWritten = readdirSync(dir).some(
          (name) => name.endsWith(".jsonl") && readFileSync(join(dir, name)).length > 0,
        );
        const journals = readdirSync(dir).includes("writers")
          ? readdirSync(join(dir, "writers")).filter((name) => name.endsWith(".open"))
          : [];
        const noted = journals.some((name) =>
          readFileSync(join(dir, "writers", name), "latin1").includes(`+${id}`),
        );
        // What is in the file has to be noted; what is noted need not be in the file.
        if (isWritten) expect({ hit: files.hit, noted }).toEqual({ hit: files.hit, noted: true });
        counts.set(`${isWritten} ${noted}`, (counts.get(`${isWritten} ${noted}`) ?? 0) + 1);
      }
    }
    expect([...counts.keys()]).toEqual(expect.arrayContaining(["true true", "false false"]));
  });
});
