import { openRecordFile, readFault } from "./byte-source.js";
import type { RecordFile } from "./byte-source.js";
import { readLines } from "./read-lines.js";
import type { Line, LongLine, ReadFailure } from "./read-lines.js";
import { readPieces } from "./read-pieces.js";
import { MAX_LINE_BYTES } from "../record/types.js";

/** A line that was selected, with what was made of it. */
export interface SelectedLine<T> {
  readonly kind: "selected";
  readonly number: number;
  readonly value: T;
}

/** Makes something of a line, or nothing: `undefined` passes it over. It may be asked more than once. */
export type SelectLine<T> = (bytes: Buffer, terminated: boolean) => T | undefined;

const CHUNK = 256 * 1024;
const NEWLINE = 0x0a;
/** Bytes of selected lines of a compressed file that are held at a time. */
const MAX_HELD = 32 * 1024 * 1024;
/** Bytes that a held line takes beside its own. */
const HELD_OVERHEAD = 200;

/**
 * Reads a file line by line, from its end, in bounded memory. Never throws.
 *
 * A plain file is read from its end, and once from its beginning to number the lines, when the first was selected. A
 * compressed one can only be read from its beginning: the last of the selected lines are held, and it is read again for
 * those before, once for every 16 MiB of them.
 */
export function readLinesBackward<T>(
  file: RecordFile,
  select: SelectLine<T>,
  maxHeld: number = MAX_HELD,
): AsyncGenerator<SelectedLine<T> | LongLine | ReadFailure, void, undefined> {
  return file.compressed ? readHeld(file, select, maxHeld) : readFromEnd(file, select, maxHeld);
}

async function* readFromEnd<T>(
  file: RecordFile,
  select: SelectLine<T>,
  maxHeld: number,
): AsyncGenerator<SelectedLine<T> | LongLine | ReadFailure, void, undefined> {
  let size = 0;
  let total: number | undefined;
  let fromEnd = 0;
  try {
    const { handle, compressed } = await openRecordFile(file);
    try {
      if (compressed) {
        // It was compressed since it was listed: reading finds that, too.
        yield* readHeld(file, select, maxHeld);
        return;
      }
      ({ size } = await handle.stat());
      const read = async (start: number, end: number): Promise<Buffer> => {
        const chunk = Buffer.allocUnsafeSlow(end - start);
        const { bytesRead } = await handle.read(chunk, 0, chunk.length, start);
        return chunk.subarray(0, bytesRead);
      };
      for await (const line of linesFromEnd(read, size)) {
        const value = line.bytes === undefined ? undefined : select(line.bytes, line.terminated);
        if (line.bytes === undefined || value !== undefined) {
          total ??= await countLines(file, size);
          const number = total - fromEnd;
          if (value !== undefined) yield { kind: "selected", number, value };
          else yield { kind: "too_long", number, length: line.length, terminated: line.terminated };
        }
        fromEnd += 1;
      }
    } finally {
      await handle.close();
    }
  } catch (cause) {
    const { code, message } = readFault(cause);
    yield { kind: "fault", number: Math.max(1, (total ?? 1) - fromEnd), code, detail: message };
  }
}

interface LineFromEnd {
  /** `undefined` for a line that is too long. */
  readonly bytes: Buffer | undefined;
  readonly length: number;
  readonly terminated: boolean;
}

async function* linesFromEnd(
  read: (start: number, end: number) => Promise<Buffer>,
  size: number,
): AsyncGenerator<LineFromEnd, void, undefined> {
  // Parts of the line at work, the first one last; `length` counts also those that were let go.
  let parts: Buffer[] = [];
  let length = 0;
  let terminated = false;
  const add = (part: Buffer): void => {
    length += part.length;
    if (length > MAX_LINE_BYTES) parts = [];
    else parts.push(part);
  };
  const take = (): LineFromEnd => {
    const bytes = length > MAX_LINE_BYTES ? undefined : Buffer.concat(parts.toReversed());
    const line = { bytes, length, terminated };
    [parts, length, terminated] = [[], 0, true];
    return line;
  };
  for (let end = size; end > 0; end -= CHUNK) {
    const chunk = await read(Math.max(0, end - CHUNK), end);
    let to = chunk.length;
    for (;;) {
      const newline = to === 0 ? -1 : chunk.lastIndexOf(NEWLINE, to - 1);
      add(chunk.subarray(newline + 1, to));
      if (newline < 0) break;
      // What follows the last end of line is a line only if there is something.
      const isTail = end === size && newline === chunk.length - 1;
      if (isTail) terminated = true;
      else yield take();
      to = newline;
    }
  }
  if (size > 0) yield take();
}

async function countLines(file: RecordFile, size: number): Promise<number> {
  let count = 0;
  for await (const piece of readPieces(file, { upTo: size })) {
    if (piece.kind !== "lines") {
      count += 1;
      continue;
    }
    const { bytes } = piece;
    for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) count += 1;
    if (bytes.at(-1) !== NEWLINE) count += 1;
  }
  return count;
}

async function* readHeld<T>(
  file: RecordFile,
  select: SelectLine<T>,
  maxHeld: number,
): AsyncGenerator<SelectedLine<T> | LongLine | ReadFailure, void, undefined> {
  let before = Number.POSITIVE_INFINITY;
  for (;;) {
    const { lines, dropped, failure } = await holdLast(file, select, before, maxHeld);
    if (failure !== undefined && before === Number.POSITIVE_INFINITY) yield failure;
    for (const line of lines.toReversed()) {
      before = line.number;
      if (line.kind === "too_long") {
        yield line;
        continue;
      }
      const value = select(line.bytes, line.terminated);
      if (value !== undefined) yield { kind: "selected", number: line.number, value };
    }
    if (!dropped) return;
  }
}

/** Lines are held as bytes: what is made of one takes several times as much. */
type HeldLine = Exclude<Line, ReadFailure>;

interface HeldLines {
  readonly lines: HeldLine[];
  /** Whether some before these were selected too. */
  readonly dropped: boolean;
  readonly failure: ReadFailure | undefined;
}

/** Holds the last of the selected lines before one, `maxHeld` bytes at the most and half of that if there are as many. */
async function holdLast<T>(
  file: RecordFile,
  select: SelectLine<T>,
  before: number,
  maxHeld: number,
): Promise<HeldLines> {
  let older: HeldLine[] = [];
  let newer: HeldLine[] = [];
  let bytes = 0;
  let dropped = false;
  for await (const line of readLines(file)) {
    if (line.number >= before) break;
    if (line.kind === "fault") return { lines: [...older, ...newer], dropped, failure: line };
    if (line.kind === "line" && select(line.bytes, line.terminated) === undefined) continue;
    if (bytes > maxHeld / 2) {
      dropped ||= older.length > 0;
      [older, newer, bytes] = [newer, [], 0];
    }
    // A copy: a line must not keep the buffer that it was read into.
    newer.push(line.kind === "line" ? { ...line, bytes: Buffer.from(line.bytes) } : line);
    bytes += HELD_OVERHEAD + (line.kind === "line" ? line.bytes.length : 0);
  }
  return { lines: [...older, ...newer], dropped, failure: undefined };
}
