import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeEach, describe, expect, it } from "vitest";

import { AuditLog } from "../../src/audit/log.js";
import { openStand } from "../attack/support/stand.js";
import { at } from "../attack/support/wire.js";
import { readChain } from "./support/chain.js";
import { note } from "./support/log-dir.js";

/** Appending is tried again so long after the disk was found full. */
const PAUSE_MS = 1100;

const disk = mkdtempSync(join(tmpdir(), "signet-disk-"));

const mount = (...options: string[]): void => {
  execFileSync("mount", options, { stdio: "pipe" });
};

/** Whether a disk of this test's own can be had, which takes root. */
function canMount(): boolean {
  try {
    mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", disk);
    return true;
  } catch {
    return false;
  }
}

const mounted = canMount();

afterAll(() => {
  if (mounted) execFileSync("umount", [disk]);
  rmSync(disk, { recursive: true });
});

describe.skipIf(!mounted)("a disk that is full", () => {
  let dir: string;
  beforeEach(() => {
    mount("-o", "remount,rw", disk);
    for (const name of readdirSync(disk)) rmSync(join(disk, name), { recursive: true });
    mount("-o", "remount,size=1m", disk);
    dir = join(disk, "audit");
  });

  const long = (n: number): object => ({ ...note(n), text: "x".repeat(30_000) });

  it("stops the log, with nothing half written, and the log goes on when there is room", async () => {
    const log = await AuditLog.open(dir);
    const written: number[] = [];
    const refused: unknown[] = [];
    for (let n = 0; n < 60; n++) {
      await log.append(long(n)).then(
        () => written.push(n),
        (error: unknown) => refused.push(error),
      );
    }
    expect(refused.length).toBeGreaterThan(10);
    for (const error of refused) expect(error).toMatchObject({ code: "audit_full" });
    expect(log.health()).toMatchObject({ ok: false, state: "stopped", code: "audit_full" });
    expect(readChain(dir).map(({ receipt }) => receipt["n"])).toEqual(written);
    mount("-o", "remount,size=4m", disk);
    await pause(PAUSE_MS);
    await log.append(long(99));
    expect(log.health()).toMatchObject({ ok: true, state: "open" });
    await log.close();
    expect(readChain(dir).map(({ receipt }) => receipt["n"])).toEqual([...written, 99]);
  });

  it("has many that append at once written in whole batches or not", async () => {
    const log = await AuditLog.open(dir);
    const outcomes = await Promise.allSettled(Array.from({ length: 80 }, (_, n) => log.append(long(n))));
    const written = outcomes.flatMap(({ status }, n) => (status === "fulfilled" ? [n] : []));
    expect(readChain(dir).map(({ receipt }) => receipt["n"])).toEqual(written);
    await log.close();
  });

  it("refuses calls at a guard, runs no tool, and serves again when there is room", async () => {
    const stand = await openStand({ guard: { audit: dir } });
    const wire = await stand.connect();
    expect(await wire.call(await stand.sign())).toHaveProperty("result");
    // What is left is less than any record.
    const filler = join(disk, "filler");
    for (let bytes = 1_000_000; bytes >= 1; bytes = Math.floor(bytes / 2)) {
      try {
        writeFileSync(filler, "x".repeat(bytes), { flag: "a" });
      } catch {
        // Not so much.
      }
    }
    const reasons: unknown[] = [];
    // The last page of the file may have room for an intent or two.
    while (reasons.at(-1) !== "audit_unavailable") {
      reasons.push(at(await wire.call(await stand.sign()), "error", "data", "reason"));
    }
    const runs = stand.runs();
    for (let n = 0; n < 10; n++) {
      const answer = await wire.call(await stand.sign());
      expect(at(answer, "error", "data", "reason")).toBe("audit_unavailable");
    }
    expect(stand.runs()).toBe(runs);
    expect(stand.guard.health()).toMatchObject({ ok: false, audit: { code: "audit_full" } });
    rmSync(filler);
    await pause(PAUSE_MS);
    expect(await wire.call(await stand.sign())).toHaveProperty("result");
    expect(stand.guard.health()).toMatchObject({ audit: { ok: true } });
  });

  it("that can only be read is an error when the log is opened, and can be read", async () => {
    const log = await AuditLog.open(dir);
    await log.append(note(1));
    await log.close();
    mount("-o", "remount,ro", disk);
    await expect(AuditLog.open(dir)).rejects.toMatchObject({ code: "audit_not_writable" });
    const reader = await AuditLog.open(dir, { readOnly: true });
    expect(await reader.verify()).toMatchObject({ records: 1 });
  });
});
