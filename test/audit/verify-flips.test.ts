import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { beforeEach, describe, expect, it } from "vitest";

import { makeReceiptChecker } from "../../src/audit/verify/make-checker.js";
import { checkPiece } from "../../src/audit/verify/check-piece.js";
import { Tally } from "../../src/audit/verify/tally.js";
import { verifyAudit } from "../../src/audit/verify/verify-audit.js";
import { GENESIS_HASH } from "../../src/audit/record/types.js";
import { testRegistry } from "../../src/testing/fixtures.js";
import { newLogDir } from "./support/log-dir.js";
import { ALICE, SERVER, chain, intent, mixed, textOf } from "./support/sample-log.js";

let dir: string;
beforeEach(() => {
  dir = newLogDir();
  mkdirSync(dir);
});

/** The JSON values of a file, `undefined` where there is none; of bytes that are not UTF-8 none either. */
function valuesOf(text: Buffer): unknown[] {
  let decoded: string;
  try {
    decoded = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(text);
  } catch {
    return [];
  }
  return decoded.split("\n").map((line) => {
    try {
      return JSON.parse(line) as unknown;
    } catch {
      return undefined;
    }
  });
}

describe("a flip of any bit of a log of 20 records", () => {
  it(
    "is found, and its place named, unless all values stay what they were",
    { timeout: 600_000 },
    async () => {
      const odd = { text: 'é \u001b " \\ \u{1f600}', small: 1e-7, large: 1e21, list: [1.5, -2, true, null] };
      const receipts = [intent(1, { params: odd }), ...mixed(19)];
      const whole = Buffer.from(textOf(chain(receipts)));
      const unchanged = JSON.stringify(valuesOf(whole));
      const checker = await makeReceiptChecker(
        new Map(),
        testRegistry({ agents: [ALICE], servers: [SERVER] }),
      );
      let harmless = 0;
      for (let bit = 0; bit < whole.length * 8; bit++) {
        const flipped = Buffer.from(whole);
        const at = bit >> 3;
        flipped[at] = (flipped[at] ?? 0) ^ (1 << (bit & 7));
        // A line beside the one that was flipped cannot be faulty but for its link: the lines around it are enough.
        const { first, last } = around(whole, at);
        const piece = flipped.subarray(first, last);
        const tally = new Tally(GENESIS_HASH, () => undefined);
        tally.beginFile({ path: "", name: "x", compressed: false }, 0);
        tally.addPiece(checkPiece(piece, checker));
        tally.endFile(true);
        const { findings } = tally.finish(false, undefined);
        const real = findings.filter(
          ({ code, place }) => !(code === "start_missing" && place.line === 1 && first > 0),
        );
        if (real.length > 0) {
          // In the line itself, or the one that was chained to it.
          const lines = real.map(({ place }) => place.line);
          if (!lines.every((line) => line === 1 || line === 2))
            throw new Error(`bit ${bit}: ${lines.join()}`);
          continue;
        }
        harmless += 1;
        expect(JSON.stringify(valuesOf(flipped)), `bit ${bit} was not found`).toBe(unchanged);
      }
      // Escapes and exponents in another case.
      expect(harmless).toBeGreaterThan(0);
      expect(harmless).toBeLessThan(20);
    },
  );

  it("that leaves the values as they were gives no finding", async () => {
    const receipts = [intent(1, { params: { text: "\u001b", large: 1e21 } }), intent(2)];
    const text = textOf(chain(receipts));
    for (const [from, to] of [
      ["\\u001b", "\\u001B"],
      ["1e+21", "1E+21"],
    ] as const) {
      expect(text).toContain(from);
      writeFileSync(join(dir, "2026-11-10.jsonl"), text.replace(from, to));
      expect((await verifyAudit(dir)).findings).toEqual([]);
    }
  });
});

/** Where the line of a byte begins and the one after it ends. */
function around(text: Buffer, at: number): { readonly first: number; readonly last: number } {
  const first = at === 0 ? 0 : text.lastIndexOf(0x0a, at - 1) + 1;
  const end = text.indexOf(0x0a, at);
  const next = text.indexOf(0x0a, end + 1);
  return { first, last: next < 0 ? text.length : next + 1 };
}
