import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";

const made: string[] = [];

/** A directory for a log, which is not there yet. It is removed after the test. */
export function newLogDir(): string {
  const parent = mkdtempSync(join(tmpdir(), "signet-audit-"));
  made.push(parent);
  return join(parent, "audit");
}

afterEach(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
});

/** A record that anybody may append. */
export function note(
  n: number,
  ts: string = "2026-11-26T10:00:00.000Z",
): { type: string; ts: string; n: number } {
  return { type: "note", ts, n };
}
