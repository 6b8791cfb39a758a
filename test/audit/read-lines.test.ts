import { mkdirSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import * as fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";

import type { RecordFile } from "../../src/audit/read/byte-source.js";
import { readLinesBackward } from "../../src/audit/read/read-lines-backward.js";
import { readLines } from "../../src/audit/read/read-lines.js";
import { readPieces } from "../../src/audit/read/read-pieces.js";
import { newLogDir } from "./support/log-dir.js";

let dir: string;
beforeEach(() => {
  dir = newLogDir();
  mkdirSync(dir);
});

const PLAIN = (): RecordFile => ({ path: join(dir, "a"), name: "a", compressed: false });
const PACKED = (): RecordFile => ({ path: join(dir, "a.gz"), name: "a.gz", compressed: true });

function write(bytes: string | Buffer): void {
  writeFileSync(join(dir, "a"), bytes);
  writeFileSync(join(dir, "a.gz"), gzipSync(bytes));
}

async function forward(file: RecordFile, pieceBytes?: number): Promise<string[]> {
  const seen: string[] = [];
  for await (const line of readLines(file, { pieceBytes })) {
    const what = line.kind === "line" ? line.bytes.toString("latin1") : line.kind;
    const end = line.kind === "fault" ? line.code : line.terminated ? "" : "…";
    seen.push(`${line.number} ${what}${end}`);
  }
  return seen;
}

async function backward(file: RecordFile, maxHeld?: number): Promise<string[]> {
  const seen: string[] = [];
  const select = (bytes: Buffer, terminated: boolean): string =>
    bytes.toString("latin1") + (terminated ? "" : "…");
  for await (const line of readLinesBackward(file, select, maxHeld)) {
    const what = line.kind === "selected" ? line.value : line.kind === "fault" ? line.code : line.kind;
    seen.push(`${line.number} ${what}${line.kind === "too_long" && !line.terminated ? "…" : ""}`);
  }
  return seen;
}

const LONG = 8_388_608;

describe("lines", () => {
  it.each([
    ["", []],
    ["a\n", ["1 a"]],
    ["a", ["1 a…"]],
    ["\n\nb\n", ["1 ", "2 ", "3 b"]],
    ["a\r\nb", ["1 a\r", "2 b…"]],
  ])("of %j are the same in every direction, packed or not", async (text, expected) => {
    write(text);
    for (const file of [PLAIN(), PACKED()]) {
      expect(await forward(file)).toEqual(expected);
      expect(await backward(file)).toEqual(expected.toReversed());
    }
  });

  it("are the same wherever pieces are cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.stringMatching(/^[a-z]{0,40}$/), { maxLength: 60 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 64 }),
        async (lines, terminated, pieceBytes) => {
          const text = lines.join("\n") + (terminated ? "\n" : "");
          write(text);
          const expected = await forward(PLAIN());
          expect(expected).toHaveLength(
            text === "" ? 0 : text.split("\n").length - (text.endsWith("\n") ? 1 : 0),
          );
          for (const file of [PLAIN(), PACKED()]) {
            expect(await forward(file, pieceBytes)).toEqual(expected);
            expect(await backward(file, pieceBytes * 10)).toEqual(expected.toReversed());
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it("of more than a chunk are read backward, in the middle and at the end", async () => {
    const lines = ["a", "b", "c", "d", "e"].map((letter) => letter.repeat(200_000));
    write(`${lines.join("\n")}\n`);
    const expected = lines.map((line, at) => `${at + 1} ${line}`);
    expect(await forward(PLAIN())).toEqual(expected);
    expect(await backward(PLAIN())).toEqual(expected.toReversed());
  });

  it("of 8 MiB are read, and of a byte more passed over", async () => {
    write(
      `a\n${"x".repeat(LONG)}\n${"y".repeat(LONG + 1)}\n${"z".repeat(LONG * 2)}\nb\n${"w".repeat(LONG + 1)}`,
    );
    const expected = ["1 a", `2 ${"x".repeat(LONG)}`, "3 too_long", "4 too_long", "5 b", "6 too_long…"];
    for (const file of [PLAIN(), PACKED()]) {
      expect(await forward(file)).toEqual(expected);
      expect(await backward(file)).toEqual(expected.toReversed());
    }
  });

  it("begin and end where they are told to", async () => {
    write("aa\nbb\ncc\n");
    const pieces = [];
    for await (const piece of readPieces(PLAIN(), { from: 3, upTo: 7 }))
      pieces.push(piece.kind === "lines" ? piece.bytes.toString() : piece.kind);
    expect(pieces).toEqual(["bb\nc"]);
  });
});

describe("a file that cannot be read", () => {
  it.each([
    ["is not there", () => undefined],
    ["is a directory", () => mkdirSync(join(dir, "a"))],
    ["is a pipe that nobody writes to", () => execFileSync("mkfifo", [join(dir, "a")])],
  ])("because it %s is told as that", async (_, make) => {
    make();
    expect(await forward(PLAIN())).toEqual(["1 faultfile_unreadable"]);
    expect(await backward(PLAIN())).toEqual(["1 file_unreadable"]);
  });

  it.each([
    ["is empty", () => Buffer.alloc(0), 0],
    ["is none", () => Buffer.from("a\nb\n"), 0],
    ["was cut", (packed: Buffer) => packed.subarray(0, packed.length - 20), 1000],
    [
      "was changed",
      (packed: Buffer) => packed.fill(0x55, packed.length >> 1, (packed.length >> 1) + 9),
      1000,
    ],
  ])("unpacked because it %s is told, after what could be", async (_, spoil, atLeast) => {
    const text = Array.from({ length: 50_000 }, (__, at) => `${Math.sin(at)}\n`).join("");
    writeFileSync(join(dir, "a.gz"), spoil(gzipSync(text)));
    const lines = await forward(PACKED());
    expect(lines.at(-1)).toMatch(/^\d+ faultgzip_damaged$/);
    expect(lines.length).toBeGreaterThan(atLeast);
    expect(await backward(PACKED())).toHaveLength(lines.length);
  });
});
