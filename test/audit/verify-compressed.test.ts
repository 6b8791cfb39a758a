import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { beforeEach, describe, expect, it } from "vitest";

import type { RecordFile } from "../../src/audit/read/byte-source.js";
import { query } from "../../src/audit/read/query.js";
import { readLinesBackward } from "../../src/audit/read/read-lines-backward.js";
import { readLines } from "../../src/audit/read/read-lines.js";
import { readVerifyOptions } from "../../src/audit/verify/options.js";
import { run } from "../../src/audit/verify/run.js";
import { verifyAudit } from "../../src/audit/verify/verify-audit.js";
import { newLogDir } from "./support/log-dir.js";
import { mixed, writeDays } from "./support/sample-log.js";

const DAYS = ["2026-11-10", "2026-11-11", "2026-11-12"];

let dir: string;
beforeEach(() => {
  dir = newLogDir();
  mkdirSync(dir);
  const all = mixed(30);
  writeDays(dir, Object.fromEntries(DAYS.map((day, at) => [day, all.slice(at * 10, at * 10 + 10)])));
});

const path = (day: string): string => join(dir, `${day}.jsonl`);

/** As they were listed. */
function files(): RecordFile[] {
  return DAYS.map((day) => ({ path: path(day), name: `${day}.jsonl`, compressed: false }));
}

function pack(day: string): void {
  writeFileSync(`${path(day)}.gz`, gzipSync(readFileSync(path(day))));
}

/** What compressing a day leaves. */
function compress(day: string): void {
  pack(day);
  rmSync(path(day));
}

function compressAll(): void {
  for (const day of DAYS.slice(0, 2)) compress(day);
}

describe("days that are compressed meanwhile", () => {
  it("verify, if that is after they were listed", async () => {
    compressAll();
    const report = await run(files(), readVerifyOptions({}));
    expect(report).toMatchObject({ ok: true, records: 30 });
    expect(report.files.map(({ name }) => name)).toEqual([
      "2026-11-10.jsonl.gz",
      "2026-11-11.jsonl.gz",
      "2026-11-12.jsonl",
    ]);
  });

  it("verify, if that is after they were measured", async () => {
    const done: number[] = [];
    const verification = readVerifyOptions({ onProgress: ({ bytesDone }) => void done.push(bytesDone) });
    const report = await run(files(), verification, compressAll);
    expect(report).toMatchObject({ ok: true, records: 30 });
    expect(done.at(-1)).toBe(report.files.reduce((sum, { bytes }) => sum + bytes, 0));
  });

  it("verify up to where they were when they were measured", async () => {
    const report = await run(files(), readVerifyOptions({}), () => {
      writeFileSync(path("2026-11-10"), "appended meanwhile\n", { flag: "a" });
      compressAll();
    });
    expect(report).toMatchObject({ ok: true, records: 30 });
  });

  it("are not there twice while the plain file is about to be removed", async () => {
    pack("2026-11-10");
    setTimeout(() => rmSync(path("2026-11-10")), 50);
    expect(await verifyAudit(dir)).toMatchObject({ ok: true, records: 30 });
  });

  it("are still missing if they are in neither form", async () => {
    rmSync(path("2026-11-10"));
    const { findings } = await run(files(), readVerifyOptions({}));
    expect(findings[0]).toMatchObject({
      code: "file_unreadable",
      place: { file: "2026-11-10.jsonl", line: 1 },
    });
  });

  it.each(["oldest", "newest"] as const)("are found by a query, %s first", async (order) => {
    const places: string[] = [];
    for await (const { place } of query(dir, { order, onUnreadable: () => expect.unreachable() })) {
      if (places.length === 0) compressAll();
      places.push(`${place.file}:${place.line}`);
    }
    expect(new Set(places).size).toBe(30);
  });
});

describe("the lines of a file that was compressed since it was listed", () => {
  const file = (): RecordFile => files()[0] ?? expect.unreachable();

  async function forward(options?: { readonly from?: number; readonly upTo?: number }): Promise<string[]> {
    const lines = [];
    for await (const line of readLines(file(), options)) {
      lines.push(line.kind === "line" ? line.bytes.toString() : line.kind);
    }
    return lines;
  }

  async function backward(): Promise<string[]> {
    const lines = [];
    for await (const line of readLinesBackward(file(), (bytes) => bytes.toString())) {
      lines.push(line.kind === "selected" ? `${line.number} ${line.value}` : line.kind);
    }
    return lines;
  }

  it("are the same, in whole and in part", async () => {
    const bytes = readFileSync(path("2026-11-10"));
    const from = bytes.indexOf("\n") + 1;
    const ranges = [
      {},
      { from },
      { upTo: from },
      { from, upTo: bytes.indexOf("\n", from) + 1 },
      { from: bytes.length + 9 },
    ];
    const plain = await Promise.all(ranges.map(forward));
    const plainBackward = await backward();
    compress("2026-11-10");
    expect(await Promise.all(ranges.map(forward))).toEqual(plain);
    expect(plain.map(({ length }) => length)).toEqual([10, 9, 1, 1, 0]);
    expect(await backward()).toEqual(plainBackward);
  });
});
