import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { beforeEach, describe, expect, it } from "vitest";

import { paramsKeyOf } from "../../src/audit/record/params-cipher.js";
import { readVerifyOptions } from "../../src/audit/verify/options.js";
import type { VerifyAuditOptions } from "../../src/audit/verify/options.js";
import type { AuditReport } from "../../src/audit/verify/report.js";
import { run } from "../../src/audit/verify/run.js";
import { AuditLogError } from "../../src/errors.js";
import { testRegistry } from "../../src/testing/fixtures.js";
import { newLogDir } from "./support/log-dir.js";
import { ALICE, SERVER, chain, intent, mixed, textOf } from "./support/sample-log.js";

/** A worker runs compiled code only. */
const WORKER_URL = new URL("../../dist/audit/verify/worker.js", import.meta.url);
const CHILD = fileURLToPath(new URL("children/verify-memory.mjs", import.meta.url));

let dir: string;
beforeEach(() => {
  dir = newLogDir();
  mkdirSync(dir);
});

/** Writes a log of some thousand records, of which some are faulty. */
function writeLog(spoil: (lines: string[]) => string[] = (lines) => lines): void {
  const receipts = mixed(60);
  const lines = chain(Array.from({ length: 6000 }, (_, at) => receipts[at % receipts.length] ?? {})).map(
    ({ text }) => text,
  );
  const spoilt = spoil(lines);
  writeFileSync(join(dir, "2026-11-10.jsonl"), textOf(spoilt.slice(0, 2500)));
  writeFileSync(join(dir, "2026-11-11.jsonl"), textOf(spoilt.slice(2500)));
}

function verify(
  options: VerifyAuditOptions,
  maxBytesHere: number,
  workerUrl: URL = WORKER_URL,
): Promise<AuditReport> {
  const files = ["2026-11-10.jsonl", "2026-11-11.jsonl"].map((name) => ({
    path: join(dir, name),
    name,
    compressed: false,
  }));
  return run(files, readVerifyOptions(options), undefined, { maxBytesHere, workerUrl });
}

/** Dies where a line says so. */
const DYING_URL = new URL("children/dying-worker.mjs", import.meta.url);

const WAYS = ["exit", "throw"];

/** Says of a line of a few thousand what a thread is to die of. */
function dieAt(...at: readonly number[]): (lines: string[]) => string[] {
  return (lines) =>
    lines.map((line, index) =>
      at.includes(index)
        ? line.replace('{"receipt":{', `{"receipt":{"${WAYS[index % WAYS.length]}-here":1,`)
        : line,
    );
}

const HERE = Number.POSITIVE_INFINITY;
const ELSEWHERE = 0;
const REGISTRY = testRegistry({
  agents: [{ ...ALICE, tools: ["read_*"], targets: ["*"] }],
  servers: [SERVER],
});

describe("threads", () => {
  it("find what this thread finds", { timeout: 120_000 }, async () => {
    writeLog((lines) =>
      lines
        .with(100, "?")
        .with(800, (lines[800] ?? "").replace('"v":', '"v":1'))
        .toSpliced(1500, 1)
        .toSpliced(3000, 0, chain([intent(1)])[0]?.text ?? "")
        .with(4000, "x".repeat(9_000_000))
        .with(4001, (lines[4003] ?? "").replaceAll("alice", "malice")),
    );
    const key = paramsKeyOf(ALICE.signer) ?? new Uint8Array();
    const options = { registry: REGISTRY, paramsKeys: new Map([[ALICE.publicKey, key]]) };
    const here = await verify(options, HERE);
    expect(here.ok).toBe(false);
    expect(Object.keys(here.findingCounts).length).toBeGreaterThan(4);
    for (const threads of [1, 3]) {
      const told: string[] = [];
      const report = await verify(
        { ...options, threads, onFinding: ({ code }) => void told.push(code) },
        ELSEWHERE,
      );
      expect(report).toEqual(here);
      expect(told).toEqual(here.findings.map(({ code }) => code));
    }
  });

  it("hold the registry's restrictions", { timeout: 120_000 }, async () => {
    writeLog();
    const registry = testRegistry({ agents: [{ ...ALICE, tools: ["write_*"] }], servers: [SERVER] });
    const here = await verify({ registry }, HERE);
    expect(here.findingCounts).toMatchObject({ out_of_scope: expect.any(Number) });
    expect(await verify({ registry, threads: 2 }, ELSEWHERE)).toEqual(here);
    expect(await verify({ registry: REGISTRY, threads: 2 }, ELSEWHERE)).toMatchObject({
      ok: true,
      records: 6000,
    });
  });

  it("end when they are told to", { timeout: 120_000 }, async () => {
    writeLog();
    const abort = new AbortController();
    const reason = new Error("enough");
    const onProgress = (): void => abort.abort(reason);
    await expect(verify({ signal: abort.signal, onProgress, threads: 2 }, ELSEWHERE)).rejects.toBe(reason);
  });

  it("that fail are an error", async () => {
    writeLog();
    const nowhere = new URL("none.js", import.meta.url);
    const failure = verify({ threads: 2 }, ELSEWHERE, nowhere);
    await expect(failure).rejects.toThrow(AuditLogError);
  });

  it("that die of a line leave one finding, and the rest is checked", { timeout: 120_000 }, async () => {
    writeLog(dieAt(0, 1200, 1201, 2499, 2500, 5999));
    const found = [
      ["2026-11-10.jsonl", 1],
      ["2026-11-10.jsonl", 1201],
      ["2026-11-10.jsonl", 1202],
      ["2026-11-10.jsonl", 2500],
      ["2026-11-11.jsonl", 1],
      ["2026-11-11.jsonl", 3500],
    ];
    for (const threads of [1, 2]) {
      const { findings, records, verified, tip } = await verify({ threads }, ELSEWHERE, DYING_URL);
      expect(findings.map(({ code }) => code)).toEqual(found.map(() => "record_too_complex"));
      expect(findings.map(({ place: { file, line } }) => [file, line])).toEqual(found);
      expect(records).toBe(6000 - 6);
      expect(verified).toBeGreaterThan(4000);
      expect(tip).toMatch(/^sha256:/);
    }
  });

  it("that run out of memory are replaced", { timeout: 120_000 }, async () => {
    const long = `"exhaust-here":"${"x".repeat(2_000_000)}"`;
    writeLog((lines) =>
      lines.map((line, at) => (at === 700 ? line.replace('{"receipt":{', `{"receipt":{${long},`) : line)),
    );
    const { findings, records } = await verify({ threads: 1 }, ELSEWHERE, DYING_URL);
    expect(findings.map(({ code, place: { line } }) => [code, line])).toEqual([["record_too_complex", 701]]);
    expect(records).toBe(5999);
  });

  it("that die say nothing of a last line that is being written", { timeout: 120_000 }, async () => {
    writeLog(dieAt(5999));
    const path = join(dir, "2026-11-11.jsonl");
    writeFileSync(path, readFileSync(path).subarray(0, -1));
    const { findingCounts, records } = await verify({ threads: 2 }, ELSEWHERE, DYING_URL);
    expect({ findingCounts, records }).toEqual({ findingCounts: { truncated_tail: 1 }, records: 5999 });
  });

  it("have a log broken behind a line that they died of where it is", { timeout: 120_000 }, async () => {
    writeLog((lines) => dieAt(1200)(lines).toSpliced(1300, 1));
    const { findings } = await verify({ threads: 2 }, ELSEWHERE, DYING_URL);
    expect(findings.map(({ code, place: { line } }) => [code, line])).toEqual([
      ["record_too_complex", 1201],
      ["link_broken", 1301],
    ]);
  });

  it("do not read a large line twice at a time, and die of none", { timeout: 120_000 }, async () => {
    // Each of these takes forty times the bytes that it has.
    const objects = '{"34":0},'.repeat((8_388_608 - 400) / 9);
    const bomb = `{"receipt":{"pad":[${objects}0],"ts":"2026-11-10T12:00:00Z","type":"refusals"}`;
    writeLog((lines) =>
      lines.map((line, at) =>
        at === 700 ? line.replace(/^\{"receipt":.*\}(?=,"prev_hash)/, () => bomb) : line,
      ),
    );
    const { findings, records } = await verify({ threads: 2 }, ELSEWHERE);
    expect(findings.map(({ code, place: { line } }) => [code, line])).toEqual([["hash_mismatch", 701]]);
    expect(records).toBe(6000);
  });

  it("take no more memory for a larger log", { timeout: 300_000 }, async () => {
    const receipts = mixed(60);
    const many = chain(Array.from({ length: 50_000 }, (_, at) => receipts[at % receipts.length] ?? {}));
    writeFileSync(join(dir, "2026-11-10.jsonl"), textOf(many));
    const { stdout } = await promisify(execFile)(process.execPath, [CHILD, dir]);
    const { ok, records, megabytes } = JSON.parse(stdout) as {
      ok: boolean;
      records: number;
      megabytes: number;
    };
    expect({ ok, records }).toEqual({ ok: true, records: 50_000 });
    expect(megabytes).toBeLessThan(200);
  });
});
