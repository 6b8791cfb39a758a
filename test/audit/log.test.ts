import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

import { AuditLog } from "../../src/audit/log.js";
import type { AuditEvent } from "../../src/audit/events.js";
import type { AuditLogOptions } from "../../src/audit/options.js";
import { signReceipt } from "../../src/receipt/index.js";
import { testIdentity } from "../../src/testing.js";
import { GENESIS, readChain } from "./support/chain.js";
import { newLogDir, note } from "./support/log-dir.js";

const DAY_MS = 86_400_000;
const NOON = Date.parse("2026-11-26T12:00:00Z");

const daysOf = (dir: string): string[] => readdirSync(dir).filter((name) => name.includes(".jsonl"));
const numbersIn = (dir: string): unknown[] =>
  readChain(dir).map(({ receipt }) => receipt["n"] ?? receipt["type"]);

async function logWith(
  dir: string,
  numbers: readonly number[],
  options: AuditLogOptions = {},
): Promise<void> {
  const log = await AuditLog.open(dir, options);
  for (const n of numbers) await log.append(note(n));
  await log.close();
}

describe("AuditLog", () => {
  it("writes one chain from genesis, a line a record, in files of mode 600 in a directory of mode 700", async () => {
    const dir = newLogDir();
    const log = await AuditLog.open(dir, { clock: () => NOON });
    const [first, second] = await Promise.all([log.append(note(1)), log.append(note(2))]);
    expect(first).toMatchObject({ file: "2026-11-26.jsonl", prevHash: GENESIS });
    expect(second?.prevHash).toBe(first?.recordHash);
    expect(log.health()).toEqual({
      ok: true,
      state: "open",
      tip: second?.recordHash,
      file: "2026-11-26.jsonl",
      appended: 2,
      commits: 2,
      waiting: 0,
    });
    await log.close();
    expect(numbersIn(dir)).toEqual([1, 2]);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    expect(statSync(join(dir, "2026-11-26.jsonl")).mode & 0o777).toBe(0o600);
  });

  it("writes together what is appended at once", async () => {
    const dir = newLogDir();
    const log = await AuditLog.open(dir);
    await Promise.all(Array.from({ length: 500 }, (_, n) => log.append(note(n))));
    expect(log.health().commits).toBeLessThan(20);
    await log.close();
    expect(numbersIn(dir)).toEqual(Array.from({ length: 500 }, (_, n) => n));
  });

  it("begins a file a day of writing, whatever the records are dated", async () => {
    const dir = newLogDir();
    let now = NOON;
    const log = await AuditLog.open(dir, { clock: () => now });
    await log.append(note(1, "2020-01-01T00:00:00Z"));
    now += DAY_MS;
    await log.append(note(2, "2030-01-01T00:00:00Z"));
    await log.close();
    expect(daysOf(dir)).toEqual(["2026-11-26.jsonl", "2026-11-27.jsonl"]);
    expect(numbersIn(dir)).toEqual([1, 2]);
  });

  it("goes on in the newest file when the clock is set back over midnight", async () => {
    const dir = newLogDir();
    let now = NOON;
    const log = await AuditLog.open(dir, { clock: () => now });
    await log.append(note(1));
    now -= 2 * DAY_MS;
    await log.append(note(2));
    await log.close();
    await logWith(dir, [3], { clock: () => now });
    expect(daysOf(dir)).toEqual(["2026-11-26.jsonl"]);
    expect(numbersIn(dir)).toEqual([1, 2, 3]);
  });

  it("goes on in the file of a day that is yet to come", async () => {
    const dir = newLogDir();
    await logWith(dir, [1], { clock: () => Date.parse("2031-01-01T00:00:00Z") });
    await logWith(dir, [2], { clock: () => NOON });
    expect(daysOf(dir)).toEqual(["2031-01-01.jsonl"]);
    expect(numbersIn(dir)).toEqual([1, 2]);
  });

  it("takes up what other logs of the same directory have written meanwhile, over days", async () => {
    const dir = newLogDir();
    let now = NOON;
    const options = { clock: () => now };
    const logs = [
      await AuditLog.open(dir, options),
      await AuditLog.open(dir, options),
      await AuditLog.open(dir, options),
    ];
    for (let n = 0; n < 60; n++) {
      if (n % 20 === 19) now += DAY_MS;
      await logs[n % 3]?.append(note(n));
    }
    await Promise.all(logs.flatMap((log) => Array.from({ length: 50 }, (_, n) => log.append(note(100 + n)))));
    await Promise.all(logs.map((log) => log.close()));
    expect(numbersIn(dir)).toHaveLength(210);
  });

  it("appends what was given before it was closed, and nothing after", async () => {
    const dir = newLogDir();
    const log = await AuditLog.open(dir);
    const pending = Array.from({ length: 10 }, (_, n) => log.append(note(n)));
    const closed = log.close();
    await expect(log.append(note(99))).rejects.toMatchObject({ code: "audit_closed" });
    await closed;
    await Promise.all(pending);
    expect(numbersIn(dir)).toHaveLength(10);
    expect(log.health()).toMatchObject({ ok: false, state: "closed" });
  });

  it("makes neither directory nor file when it only reads", async () => {
    const dir = newLogDir();
    await expect(AuditLog.open(dir, { readOnly: true })).rejects.toMatchObject({ code: "audit_not_found" });
    await logWith(dir, [1]);
    const before = readdirSync(dir);
    const log = await AuditLog.open(dir, { readOnly: true });
    await expect(log.append(note(2))).rejects.toMatchObject({ code: "audit_read_only" });
    expect(await log.verify()).toMatchObject({ records: 1 });
    expect(log.health()).toMatchObject({ ok: true, state: "read_only" });
    expect(readdirSync(dir)).toEqual(before);
  });

  it("does not wait for the disk where that is not asked for", async () => {
    const dir = newLogDir();
    await logWith(dir, [1, 2], { durability: "os" });
    expect(numbersIn(dir)).toEqual([1, 2]);
  });

  it.each([
    ["a directory that is none", 7, {}, "dir"],
    ["an option that there is not", "x", { durable: true }, "options.durable"],
    ["a durability that there is not", "x", { durability: "none" }, "options.durability"],
    ["a clock that is none", "x", { clock: 5 }, "options.clock"],
  ])("refuses %s", async (_, dir, options, option) => {
    await expect(AuditLog.open(dir as string, options as AuditLogOptions)).rejects.toMatchObject({
      name: "OptionError",
      option,
    });
  });
});

describe("what can be appended", () => {
  const identity = testIdentity("agent");
  const receipt = signReceipt({
    signer: identity.signer,
    name: identity.name,
    tool: "t",
    params: { n: 1 },
    target: "mcp://x",
    transport: "stdio",
    issuedAtMs: NOON,
  });

  it.each([
    ["no object", 7],
    ["an object without version and type", {}],
    ["a version that there is not", { v: 9 }],
    ["a receipt with a member too many", async () => ({ ...(await receipt), extra: 1 })],
    ["a receipt that lacks its signature", async () => ({ ...(await receipt), sig: undefined })],
    ["a record without a time", { type: "note" }],
    ["a record with a time that is none", { type: "note", ts: "yesterday" }],
    ["a number that two texts are written as", { ...note(1), n: 2 ** 60 }],
    ["half of a surrogate pair", { ...note(1), text: "\ud800" }],
  ])("is not %s", async (_, record) => {
    const dir = newLogDir();
    const log = await AuditLog.open(dir);
    const value: unknown = typeof record === "function" ? await record() : record;
    await expect(log.append(value)).rejects.toMatchObject({ code: "record_invalid" });
    expect(log.health()).toMatchObject({ ok: true, appended: 0 });
    await log.close();
  });

  it("is no more than a line may hold", async () => {
    const log = await AuditLog.open(newLogDir());
    const text = "x".repeat(8_388_608);
    await expect(log.append({ ...note(1), text })).rejects.toMatchObject({ code: "record_too_large" });
    await log.close();
  });

  it("is a receipt, its params encrypted or not", async () => {
    const dir = newLogDir();
    const log = await AuditLog.open(dir);
    const signed = await receipt;
    await log.append(signed);
    const { params: _, ...action } = signed.action;
    await log.append({ ...signed, action: { ...action, params_encrypted: { v: 1 } } });
    await log.close();
    expect(readChain(dir)).toHaveLength(2);
  });
});

describe("a line that was torn", () => {
  it("is set aside and cut, and that is put on record", async () => {
    for (let bytes = 1; bytes < 40; bytes += 7) {
      const dir = newLogDir();
      await logWith(dir, [1, 2], { clock: () => NOON });
      const path = join(dir, "2026-11-26.jsonl");
      const whole = readFileSync(path);
      truncateSync(path, whole.length - bytes);
      const events: AuditEvent[] = [];
      const log = await AuditLog.open(dir, {
        clock: () => NOON,
        onEvent: (event) => void events.push(event),
      });
      await log.append(note(3));
      await log.close();
      expect(numbersIn(dir)).toEqual([1, "log_repair", 3]);
      const [, repair] = readChain(dir);
      const kept = readFileSync(join(dir, String(repair?.receipt["kept_as"])));
      expect(kept.equals(whole.subarray(whole.indexOf("\n") + 1, whole.length - bytes))).toBe(true);
      expect(repair?.receipt).toMatchObject({ file: "2026-11-26.jsonl", bytes: kept.length });
      expect(events).toMatchObject([{ type: "repaired" }]);
    }
  });

  it("is repaired by whoever writes next, not only by who opens the log", async () => {
    const dir = newLogDir();
    const log = await AuditLog.open(dir, { clock: () => NOON });
    await log.append(note(1));
    appendFileSync(join(dir, "2026-11-26.jsonl"), '{"receipt":{"v"');
    await log.append(note(2));
    await log.close();
    expect(numbersIn(dir)).toEqual([1, "log_repair", 2]);
  });

  it("is cut without a record where the log takes none, and kept all the same", async () => {
    const dir = newLogDir();
    await logWith(dir, [1], { clock: () => NOON });
    appendFileSync(join(dir, "2026-11-26.jsonl"), "torn");
    await logWith(dir, [2], { clock: () => NOON, typedRecords: false });
    expect(numbersIn(dir)).toEqual([1, 2]);
    expect(readdirSync(dir).filter((name) => name.endsWith(".broken"))).toHaveLength(1);
  });

  it("may be all that there is", async () => {
    const dir = newLogDir();
    mkdirSync(dir);
    writeFileSync(join(dir, "2026-11-26.jsonl"), "torn");
    await logWith(dir, [1], { clock: () => NOON });
    expect(numbersIn(dir)).toEqual(["log_repair", 1]);
  });

  it("is left to a writer that is about to end it", async () => {
    const dir = newLogDir();
    await logWith(dir, [1, 2], { clock: () => NOON });
    const path = join(dir, "2026-11-26.jsonl");
    truncateSync(path, statSync(path).size - 1);
    const opening = AuditLog.open(dir, { clock: () => NOON });
    setTimeout(() => {
      appendFileSync(path, "\n");
    }, 5);
    const log = await opening;
    await log.append(note(3));
    await log.close();
    expect(numbersIn(dir)).toEqual([1, 2, 3]);
  });
});

describe("what is not the work of a writer", () => {
  it("is an end that is no record: nothing is chained to it, and nothing is cut", async () => {
    const dir = newLogDir();
    await logWith(dir, [1], { clock: () => NOON });
    const path = join(dir, "2026-11-26.jsonl");
    appendFileSync(path, "no record\n");
    const before = readFileSync(path);
    await expect(AuditLog.open(dir)).rejects.toMatchObject({
      code: "audit_corrupt",
      place: { file: "2026-11-26.jsonl", line: 2 },
    });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("is a newest record of another hash", async () => {
    const dir = newLogDir();
    await logWith(dir, [1, 2], { clock: () => NOON });
    const path = join(dir, "2026-11-26.jsonl");
    writeFileSync(path, readFileSync(path, "utf8").replace('"n":2', '"n":3'));
    await expect(AuditLog.open(dir)).rejects.toMatchObject({ code: "audit_corrupt", place: { line: 2 } });
  });

  it.each([
    ["cut", (path: string) => truncateSync(path, 10)],
    ["removed", (path: string) => rmSync(path)],
    [
      "replaced",
      (path: string) => {
        const bytes = readFileSync(path);
        renameSync(path, `${path}.old`);
        writeFileSync(path, bytes);
      },
    ],
    [
      "written to without the lock, chained to another record",
      (path: string) => {
        const [first = ""] = readFileSync(path, "utf8").split("\n");
        appendFileSync(path, `${first}\n`);
      },
    ],
  ])("is a file that is %s while it is written: the log stops", async (_, change) => {
    const dir = newLogDir();
    const events: AuditEvent[] = [];
    const log = await AuditLog.open(dir, { clock: () => NOON, onEvent: (event) => void events.push(event) });
    await log.append(note(1));
    await log.append(note(2));
    change(join(dir, "2026-11-26.jsonl"));
    await expect(log.append(note(3))).rejects.toMatchObject({ code: "audit_corrupt" });
    await expect(log.append(note(4))).rejects.toMatchObject({ code: "audit_corrupt" });
    expect(log.health()).toMatchObject({ ok: false, state: "stopped", code: "audit_corrupt" });
    expect(events).toMatchObject([{ type: "stopped", lasting: true }]);
    await log.close();
  });

  it.each([
    ["removed", (path: string) => rmSync(path)],
    [
      "replaced",
      (path: string) => {
        rmSync(path);
        writeFileSync(path, "");
      },
    ],
  ])("is a lock that is %s: the log stops", async (_, change) => {
    const dir = newLogDir();
    const log = await AuditLog.open(dir);
    await log.append(note(1));
    change(join(dir, "log.lock"));
    await expect(log.append(note(2))).rejects.toMatchObject({ code: "audit_lock_lost" });
    expect(log.health()).toMatchObject({ ok: false, state: "stopped", code: "audit_lock_lost" });
    await log.close();
  });

  it("is a file that readers would take for a day", async () => {
    const dir = newLogDir();
    await logWith(dir, [1]);
    writeFileSync(join(dir, "notes.jsonl"), "");
    await expect(AuditLog.open(dir)).rejects.toMatchObject({ code: "audit_corrupt" });
  });

  it("is a SIGNET_HOME in the place of its log", async () => {
    const dir = newLogDir();
    mkdirSync(join(dir, "keys"), { recursive: true });
    mkdirSync(join(dir, "audit"));
    await expect(AuditLog.open(dir)).rejects.toMatchObject({ code: "audit_not_found" });
    await expect(AuditLog.open(dir, { readOnly: true })).rejects.toMatchObject({ code: "audit_not_found" });
  });

  it("is a file in the place of the directory", async () => {
    const dir = newLogDir();
    writeFileSync(dir, "");
    await expect(AuditLog.open(dir)).rejects.toMatchObject({ code: "audit_not_writable" });
  });
});

describe("compressed days", () => {
  async function threeDays(): Promise<string> {
    const dir = newLogDir();
    let now = NOON;
    const log = await AuditLog.open(dir, { clock: () => now });
    for (let n = 0; n < 9; n++) {
      await log.append(note(n));
      if (n % 3 === 2 && n < 8) now += DAY_MS;
    }
    await log.close();
    return dir;
  }

  it("are read and verified in place, and the newest day stays as it is", async () => {
    const dir = await threeDays();
    const log = await AuditLog.open(dir, { clock: () => NOON + 2 * DAY_MS });
    expect(await log.compress()).toEqual(["2026-11-26.jsonl.gz", "2026-11-27.jsonl.gz"]);
    expect(daysOf(dir)).toEqual(["2026-11-26.jsonl.gz", "2026-11-27.jsonl.gz", "2026-11-28.jsonl"]);
    await log.append(note(9));
    const found: unknown[] = [];
    for await (const { record } of log.query()) found.push(record.receipt["n"]);
    expect(found).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(await log.verify()).toMatchObject({ records: 10, findingCounts: { unknown_type: 10 } });
    expect(await log.compress()).toEqual([]);
    await log.close();
  });

  it("of which a crash left both forms lose the plain one, if both say the same", async () => {
    const dir = await threeDays();
    const plain = readFileSync(join(dir, "2026-11-26.jsonl"));
    const log = await AuditLog.open(dir, { clock: () => NOON + 2 * DAY_MS });
    await log.compress();
    writeFileSync(join(dir, "2026-11-26.jsonl"), plain);
    await log.compress();
    expect(daysOf(dir)).toContain("2026-11-26.jsonl.gz");
    expect(daysOf(dir)).not.toContain("2026-11-26.jsonl");
    writeFileSync(join(dir, "2026-11-26.jsonl"), "another");
    await expect(log.compress()).rejects.toMatchObject({ code: "audit_io" });
    expect(daysOf(dir)).toContain("2026-11-26.jsonl");
    await log.close();
  });

  it("are followed by a new one when the newest of all is compressed", async () => {
    const dir = await threeDays();
    const { gzipSync } = await import("node:zlib");
    const path = join(dir, "2026-11-28.jsonl");
    writeFileSync(`${path}.gz`, gzipSync(readFileSync(path)));
    rmSync(path);
    await logWith(dir, [9], { clock: () => NOON });
    expect(daysOf(dir)).toContain("2026-11-29.jsonl");
    const log = await AuditLog.open(dir, { readOnly: true });
    expect(await log.verify()).toMatchObject({ records: 10, findingCounts: { unknown_type: 10 } });
  });
});
