import { appendFileSync, mkdirSync, rmSync } from "node:fs";
import { describe, expect, it } from "vitest";

import { AuditLog } from "../../src/audit/log.js";
import { canonicalBytes } from "../../src/crypto/canonical-json.js";
import { AuditLogError } from "../../src/errors.js";
import { readChain } from "./support/chain.js";
import { FaultyFileSystem } from "./support/faulty-file-system.js";
import type { Fault } from "./support/faulty-file-system.js";
import { newLogDir, note } from "./support/log-dir.js";

const DAY_MS = 86_400_000;
const START_MS = Date.parse("2026-11-26T23:59:00Z");
const ID = `rec_${"0".repeat(31)}`;

const text = (n: number): Uint8Array => canonicalBytes(note(n));

/** Appends for two days, with intents and without. @returns what was acknowledged. */
async function work(
  files: FaultyFileSystem,
  dir: string,
): Promise<{ acknowledged: number[]; refusals: unknown[] }> {
  const acknowledged: number[] = [];
  const refusals: unknown[] = [];
  let now = START_MS;
  const append = async (log: AuditLog, n: number, intent = false): Promise<void> => {
    try {
      await log.appendText(text(n), intent ? { id: `${ID}${n}`, event: "let_through" } : undefined);
      acknowledged.push(n);
    } catch (error) {
      refusals.push(error);
    }
  };
  try {
    const log = await AuditLog.openWith(files, dir, { clock: () => now });
    await append(log, 1);
    await append(log, 2, true);
    await Promise.all([append(log, 3), append(log, 4, true), append(log, 5)]);
    now += DAY_MS;
    await append(log, 6);
    await Promise.all([append(log, 7), append(log, 8, true)]);
    await log.close();
  } catch (error) {
    refusals.push(error);
  }
  return { acknowledged, refusals };
}

/** A log that ends in a torn line, so that opening it has something to repair. */
async function tornLog(): Promise<string> {
  const dir = newLogDir();
  const log = await AuditLog.open(dir, { clock: () => START_MS });
  await log.append(note(0));
  await log.close();
  appendFileSync(`${dir}/2026-11-26.jsonl`, '{"receipt":{"type":"torn');
  return dir;
}

async function expectWhole(dir: string, acknowledged: readonly number[]): Promise<void> {
  const log = await AuditLog.open(dir, { clock: () => START_MS + DAY_MS });
  await log.append(note(99));
  await log.close();
  const numbers = readChain(dir).map(({ receipt }) => receipt["n"]);
  expect(numbers).toEqual(expect.arrayContaining([0, ...acknowledged, 99]));
}

describe("a fault at any operation", () => {
  for (const fault of ["ENOSPC", "EIO", "EINTR", "EROFS", "short"] satisfies Fault[]) {
    it(`loses nothing that was acknowledged, and leaves a log that goes on (${fault})`, async () => {
      for (let at = 0; ; at++) {
        const dir = await tornLog();
        const files = new FaultyFileSystem(at, fault);
        const { acknowledged, refusals } = await work(files, dir);
        if (files.hit === undefined) {
          expect(acknowledged).toHaveLength(8);
          expect(at).toBeGreaterThan(20);
          break;
        }
        for (const error of refusals) expect(error).toBeInstanceOf(AuditLogError);
        await expectWhole(dir, acknowledged);
        rmSync(dir, { recursive: true });
      }
    }, 120_000);
  }
});

describe("the end of the process", () => {
  it("at any operation leaves a log that has all that was acknowledged", async () => {
    for (let at = 0; ; at++) {
      const dir = await tornLog();
      const files = new FaultyFileSystem(at, "crash");
      const { acknowledged } = await work(files, dir);
      if (files.hit === undefined) break;
      await expectWhole(dir, acknowledged);
      rmSync(dir, { recursive: true });
    }
  }, 120_000);

  it.each([0, 0.3, 0.9])(
    "with the machine leaves a log that has all that was acknowledged, if %d of the rest gets to the disk",
    async (share) => {
      for (let at = 0; ; at++) {
        const dir = await tornLog();
        const files = new FaultyFileSystem(at, "crash");
        const { acknowledged } = await work(files, dir);
        files.losePower(share);
        if (files.hit === undefined) break;
        mkdirSync(dir, { recursive: true });
        await expectWhole(dir, acknowledged);
        rmSync(dir, { recursive: true });
      }
    },
    120_000,
  );
});
