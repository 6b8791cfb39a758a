import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { beforeEach, describe, expect, it } from "vitest";

import { paramsKeyOf } from "../../src/audit/params-cipher.js";
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
