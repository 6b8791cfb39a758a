import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";

import { query } from "../../src/audit/read/query.js";
import { verifyAudit } from "../../src/audit/verify/verify-audit.js";
import { newLogDir } from "./support/log-dir.js";
import { chain, mixed } from "./support/sample-log.js";

let dir: string;
beforeEach(() => {
  dir = newLogDir();
  mkdirSync(dir);
});

const lines = chain(mixed(8)).map(({ text }) => text);
const write = (text: string, day = "2026-11-10"): void => {
  writeFileSync(join(dir, `${day}.jsonl`), text);
};

async function recordsFound(
  order: "newest" | "oldest",
): Promise<{ readonly lines: number[]; readonly told: unknown[] }> {
  const found: number[] = [];
  const told: unknown[] = [];
  for await (const { place } of query(dir, { order, onUnreadable: (...one) => void told.push(one) })) {
    found.push(place.line);
  }
  return { lines: found, told };
}

describe("blank lines", () => {
  it("are passed over, and counted in the numbers of lines", async () => {
    write(`\n${lines.join("\n \t\r\n\n")}\n\n`);
    expect(await verifyAudit(dir)).toMatchObject({ ok: true, records: 8 });
    const numbers = lines.map((_, n) => 2 + 3 * n);
    expect(await recordsFound("oldest")).toEqual({ lines: numbers, told: [] });
    expect(await recordsFound("newest")).toEqual({ lines: numbers.toReversed(), told: [] });
  });

  it("hide no record that is missing, wherever they are", async () => {
    for (let gone = 1; gone < lines.length - 1; gone++) {
      write(lines.map((line, n) => (n === gone ? "" : line)).join("\n") + "\n");
      const report = await verifyAudit(dir);
      expect(report.findings).toMatchObject([{ code: "link_broken", place: { line: gone + 2 } }]);
    }
  });

  it("hide no day that is missing when they are all that there is of it, or begin the next", async () => {
    write(lines.slice(0, 3).join("\n") + "\n", "2026-11-10");
    write("\n\n \n", "2026-11-11");
    write("\n\n" + lines.slice(4).join("\n") + "\n", "2026-11-12");
    const report = await verifyAudit(dir);
    expect(report.findings).toMatchObject([
      { code: "records_missing", place: { file: "2026-11-12.jsonl", line: 3 } },
    ]);
    write(`\n${lines[3] ?? ""}\n`, "2026-11-11");
    expect(await verifyAudit(dir)).toMatchObject({ ok: true, records: 8 });
  });

  it("hide no start that is missing", async () => {
    write("\n" + lines.slice(1).join("\n") + "\n");
    expect((await verifyAudit(dir)).findings).toMatchObject([{ code: "start_missing", place: { line: 2 } }]);
  });
});
