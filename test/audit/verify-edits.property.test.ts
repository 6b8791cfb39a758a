import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import * as fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";

import { verifyAudit } from "../../src/audit/verify/verify-audit.js";
import { newLogDir } from "./support/log-dir.js";
import { chain, mixed, textOf } from "./support/sample-log.js";

let dir: string;
beforeEach(() => {
  dir = newLogDir();
});

const DAYS = ["2026-11-10.jsonl", "2026-11-11.jsonl", "2026-11-12.jsonl", "2026-11-13.jsonl"];
const LINES = chain(mixed(16)).map(({ text }) => text);

function writeLog(): void {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir);
  for (const [at, day] of DAYS.entries())
    writeFileSync(join(dir, day), textOf(LINES.slice(at * 4, at * 4 + 4)));
}

/** All lines, in the order in which a reader meets them. */
function readLog(): string {
  return readdirSync(dir)
    .sort()
    .map((name) => readFileSync(join(dir, name), "utf8"))
    .join("");
}

function editLines(day: string, change: (lines: string[]) => string[]): void {
  const path = join(dir, day);
  writeFileSync(path, textOf(change(readFileSync(path, "utf8").split("\n").slice(0, -1))));
}

type Edit = () => void;

const day = fc.constantFrom(...DAYS);
const line = fc.nat(3);
const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({ day, line }).map(
    ({ day: name, line: at }) =>
      () =>
        editLines(name, (lines) => lines.toSpliced(at, 1)),
  ),
  fc.record({ day, line, to: line }).map(
    ({ day: name, line: at, to }) =>
      () =>
        editLines(name, (lines) => lines.toSpliced(to, 0, ...lines.slice(at, at + 1))),
  ),
  fc.record({ day, line, to: line }).map(
    ({ day: name, line: at, to }) =>
      () =>
        editLines(name, (lines) => {
          const [a, b] = [lines[at], lines[to]];
          return a === undefined || b === undefined ? lines : lines.with(at, b).with(to, a);
        }),
  ),
  fc.record({ a: day, b: day }).map(({ a, b }) => () => {
    const [first, second] = [readFileSync(join(dir, a)), readFileSync(join(dir, b))];
    writeFileSync(join(dir, a), second);
    writeFileSync(join(dir, b), first);
  }),
  day.map((name) => () => rmSync(join(dir, name))),
  fc.record({ day, to: fc.integer({ min: 1, max: 28 }) }).map(
    ({ day: name, to }) =>
      () =>
        renameSync(join(dir, name), join(dir, `2026-11-${String(to).padStart(2, "0")}.jsonl`)),
  ),
  fc.record({ day, line, at: fc.nat(500) }).map(
    ({ day: name, line: number, at }) =>
      () =>
        editLines(name, (lines) =>
          lines.map((text, index) => (index === number ? text.slice(0, at) + text.slice(at + 1) : text)),
        ),
  ),
);

describe("any edit of a log", () => {
  it("is found, unless it takes records from the end alone", { timeout: 120_000 }, async () => {
    const before = LINES.map((text) => `${text}\n`).join("");
    await fc.assert(
      fc.asyncProperty(edit, async (apply) => {
        writeLog();
        apply();
        const after = readLog();
        const report = await verifyAudit(dir);
        // What a chain alone does not tell: that the newest records are missing.
        const isShorter = before.startsWith(after) && (after === "" || after.endsWith("\n"));
        expect(report.ok).toBe(isShorter);
        for (const { place } of report.findings) expect(place.line).toBeGreaterThan(0);
      }),
      { numRuns: 400 },
    );
  });
});
