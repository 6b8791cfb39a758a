import { ReadFault, openByteSource, readFault } from "./byte-source.js";
import type { ByteSource, ReadFaultCode, RecordFile } from "./byte-source.js";
import { MAX_LINE_BYTES } from "../record/types.js";

/** A stretch of a file. */
export type Piece =
  | {
      /** Whole lines, each with its end; the last one has none if the file ends without one. */
      readonly kind: "lines";
      /** At the beginning of a buffer of its own, which may be handed to another thread. */
      readonly bytes: Buffer<ArrayBuffer>;
      readonly used: number;
    }
  | {
      /** One line that is too long to be held. */
      readonly kind: "too_long";
      /** Bytes of the line, without its end. */
      readonly length: number;
      readonly terminated: boolean;
      readonly used: number;
    }
  | {
      /** The rest of the file cannot be read. Always the last. */
      readonly kind: "fault";
      readonly code: ReadFaultCode;
      readonly detail: string;
      readonly used: number;
    };

export interface ReadPiecesOptions {
  /** Bytes of a piece, if no line is longer. Default 512 KiB. */
  readonly pieceBytes?: number | undefined;
  /** Where in a plain file to begin: the offset of a line. Default 0. */
  readonly from?: number | undefined;
  /** Offset in a plain file where it ends, whatever was appended meanwhile. Default: its end when that is reached. */
  readonly upTo?: number | undefined;
}

const NEWLINE = 0x0a;
/** Bytes of a piece, if no line is longer and nothing else is asked for. */
export const PIECE_BYTES: number = 512 * 1024;

/**
 * Reads a file in pieces that are cut where lines end, in constant memory: a line of more than
 * {@link MAX_LINE_BYTES} is passed over and told. What cannot be read is told as well, and ends it: nothing is thrown.
 * `used` is how many bytes of the file were used by then.
 */
export async function* readPieces(
  file: RecordFile,
  options: ReadPiecesOptions = {},
): AsyncGenerator<Piece, void, undefined> {
  const { pieceBytes = PIECE_BYTES } = options;
  let source: ByteSource | undefined;
  try {
    source = await openByteSource(file, options);
    yield* cut(source, pieceBytes);
  } catch (cause) {
    const { code, message } = readFault(cause);
    yield { kind: "fault", code, detail: message, used: source?.used ?? 0 };
  } finally {
    await source?.close();
  }
}

/** Holds what was read and not yet given out. */
interface Held {
  buffer: Buffer<ArrayBuffer>;
  end: number;
}

async function* cut(source: ByteSource, pieceBytes: number): AsyncGenerator<Piece, void, undefined> {
  const held: Held = { buffer: Buffer.allocUnsafeSlow(pieceBytes), end: 0 };
  for (;;) {
    const outcome = await fill(source, held);
    const { buffer, end } = held;
    const newline = buffer.subarray(0, end).lastIndexOf(NEWLINE);
    const restLength = end - newline - 1;
    if (outcome === "end" && restLength <= MAX_LINE_BYTES) {
      if (end > 0) yield { kind: "lines", bytes: buffer.subarray(0, end), used: source.used };
      return;
    }
    if (newline >= 0) {
      held.buffer = Buffer.allocUnsafeSlow(Math.max(pieceBytes, restLength));
      held.end = buffer.copy(held.buffer, 0, newline + 1, end);
      yield { kind: "lines", bytes: buffer.subarray(0, newline + 1), used: source.used };
    }
    // What was whole before the fault has been given out.
    if (outcome instanceof ReadFault) throw outcome;
    if (newline >= 0) continue;
    if (end > MAX_LINE_BYTES) yield await passOver(source, held);
    else grow(held, Math.min(end * 2, MAX_LINE_BYTES + pieceBytes));
  }
}

/** Reads until the buffer is full. */
async function fill(source: ByteSource, held: Held): Promise<"full" | "end" | ReadFault> {
  try {
    while (held.end < held.buffer.length) {
      const length = await source.read(held.buffer.subarray(held.end));
      if (length === 0) return "end";
      held.end += length;
    }
    return "full";
  } catch (cause) {
    return readFault(cause);
  }
}

function grow(held: Held, size: number): void {
  const larger = Buffer.allocUnsafeSlow(size);
  held.buffer.copy(larger, 0, 0, held.end);
  held.buffer = larger;
}

/** Reads on to where a line ends, over the beginning of it. */
async function passOver(source: ByteSource, held: Held): Promise<Piece> {
  const { buffer } = held;
  let length = held.end;
  held.end = 0;
  for (;;) {
    const read = await source.read(buffer);
    if (read === 0) return { kind: "too_long", length, terminated: false, used: source.used };
    const newline = buffer.subarray(0, read).indexOf(NEWLINE);
    if (newline >= 0) {
      held.end = buffer.copy(buffer, 0, newline + 1, read);
      return { kind: "too_long", length: length + newline, terminated: true, used: source.used };
    }
    length += read;
  }
}
