import type { ReadFaultCode, RecordFile } from "./byte-source.js";
import { readPieces } from "./read-pieces.js";
import type { ReadPiecesOptions } from "./read-pieces.js";
import { MAX_LINE_BYTES } from "../record/types.js";

/** A line of a file, or what is there instead. Numbers count from 1. */
export type Line =
  | {
      readonly kind: "line";
      readonly number: number;
      /** Without the end of the line. A view of a larger buffer that nobody writes to. */
      readonly bytes: Buffer;
      /** `false` for the last line of a file that ends without an end of line. */
      readonly terminated: boolean;
    }
  | LongLine
  | ReadFailure;

/** A line that is too long to be held, and was passed over. */
export interface LongLine {
  readonly kind: "too_long";
  readonly number: number;
  readonly length: number;
  readonly terminated: boolean;
}

/** From this line on, or at all, the file cannot be read. Nothing follows. */
export interface ReadFailure {
  readonly kind: "fault";
  readonly number: number;
  readonly code: ReadFaultCode;
  readonly detail: string;
}

const NEWLINE = 0x0a;

/**
 * Reads a file line by line, from its beginning, in constant memory. Never throws: what cannot be read is told as the last
 * item.
 */
export async function* readLines(
  file: RecordFile,
  options?: ReadPiecesOptions,
): AsyncGenerator<Line, void, undefined> {
  let number = 0;
  for await (const piece of readPieces(file, options)) {
    if (piece.kind !== "lines") {
      number += 1;
      yield piece.kind === "fault"
        ? { kind: "fault", number, code: piece.code, detail: piece.detail }
        : { kind: "too_long", number, length: piece.length, terminated: piece.terminated };
      continue;
    }
    for (const { bytes, terminated } of splitLines(piece.bytes)) {
      number += 1;
      if (bytes.length > MAX_LINE_BYTES) yield { kind: "too_long", number, length: bytes.length, terminated };
      else yield { kind: "line", number, bytes, terminated };
    }
  }
}

/** Cuts bytes into lines, without their ends. */
export function* splitLines(
  bytes: Buffer,
): Generator<{ readonly bytes: Buffer; readonly terminated: boolean }, void, undefined> {
  let start = 0;
  while (start < bytes.length) {
    const newline = bytes.indexOf(NEWLINE, start);
    const end = newline < 0 ? bytes.length : newline;
    yield { bytes: bytes.subarray(start, end), terminated: newline >= 0 };
    start = end + 1;
  }
}
