import { CanonicalJsonError } from "../../errors.js";
import type { ByteSink } from "./byte-sink.js";

/**
 * Writes a string as canonical JSON, quotes included: the UTF-8 of what `JSON.stringify` writes.
 *
 * @throws `CanonicalJsonError` `lone_surrogate` for a string that is not well-formed Unicode; nothing counts as written.
 */
export function writeText(sink: ByteSink, text: string): void {
  const { length } = text;
  if (length > SHORT) {
    writeLong(sink, text);
    return;
  }
  sink.reserve(length * LONGEST_ESCAPE + 2);
  const { bytes } = sink;
  let at = sink.length;
  bytes[at++] = QUOTE;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) {
      writeLong(sink, text);
      return;
    }
    if (unit < 0x20 || unit === QUOTE || unit === BACKSLASH) at = writeEscape(bytes, at, unit);
    else bytes[at++] = unit;
  }
  bytes[at++] = QUOTE;
  sink.length = at;
}

/** Writes a text that is known to be ASCII as it is: no quotes, nothing escaped. */
export function writeAscii(sink: ByteSink, text: string): void {
  const { length } = text;
  sink.reserve(length);
  const { bytes } = sink;
  const at = sink.length;
  if (length > LONG_ASCII) bytes.write(text, at, "latin1");
  else for (let i = 0; i < length; i++) bytes[at + i] = text.charCodeAt(i);
  sink.length = at + length;
}

/** Up to so many characters a loop is cheaper than a call of the engine's own writers. */
const SHORT = 48;
const LONG_ASCII = 96;
const LONGEST_ESCAPE = 6;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LOWER_U = 0x75;
const ZERO = 0x30;
const HEX = Buffer.from("0123456789abcdef");

/** The second character of the escapes that have a letter, by the character that they stand for. */
const LETTERS = new Uint8Array(0x80);
for (const [index, character] of ['"', "\\", "\b", "\t", "\n", "\f", "\r"].entries()) {
  LETTERS[character.charCodeAt(0)] = '"\\btnfr'.charCodeAt(index);
}

/** By byte, 1 for the characters of ASCII that stand for themselves. */
const PLAIN = Uint8Array.from({ length: 0x100 }, (_, byte) =>
  byte < 0x20 || byte === QUOTE || byte === BACKSLASH || byte >= 0x80 ? 0 : 1,
);

/** A search that costs next to nothing in a string that the engine keeps in one byte a character. */
// oxlint-disable-next-line no-control-regex -- the whole range is meant
const BEYOND_LATIN1 = /[^\x00-\xff]/;

/** UTF-16 units that are written at a time: what is worked on stays in the processor's cache. */
const CHUNK = 16_384;
const MOST_BYTES_A_UNIT = 3;

/** Where the engine writes text, for the escapes to be put in on the way to the sink. */
const raw: Buffer = Buffer.allocUnsafeSlow(CHUNK * MOST_BYTES_A_UNIT);
const rawView = new DataView(raw.buffer);

/** Has the engine write the string, at the speed of memory; it writes Latin-1 faster than UTF-8. */
function writeLong(sink: ByteSink, text: string): void {
  const isLatin1 = !BEYOND_LATIN1.test(text);
  if (!isLatin1 && !text.isWellFormed()) {
    throw new CanonicalJsonError("lone_surrogate", "a string with a lone surrogate has no canonical form");
  }
  sink.reserve(1);
  sink.bytes[sink.length++] = QUOTE;
  for (let start = 0; start < text.length;) {
    const end = endOfChunk(text, start);
    const chunk = start === 0 && end === text.length ? text : text.slice(start, end);
    writeEscaped(sink, raw.write(chunk, isLatin1 ? "latin1" : "utf8"), isLatin1);
    start = end;
  }
  sink.reserve(1);
  sink.bytes[sink.length++] = QUOTE;
}

/** Does not part the halves of a surrogate pair. */
function endOfChunk(text: string, start: number): number {
  const end = start + CHUNK;
  if (end >= text.length) return text.length;
  const last = text.charCodeAt(end - 1);
  return last >= 0xd800 && last < 0xdc00 ? end - 1 : end;
}

/** Copies what is in `raw`, eight bytes at a time where there is nothing to escape. */
function writeEscaped(sink: ByteSink, count: number, isLatin1: boolean): void {
  sink.reserve(count * LONGEST_ESCAPE);
  const { bytes, view } = sink;
  const end = count & ~7;
  let to = sink.length;
  let from = 0;
  for (; from < end; from += 8) {
    const first = rawView.getUint32(from, true);
    const second = rawView.getUint32(from + 4, true);
    if (isPlain(first, second) || (!isLatin1 && !hasToEscape(first, second))) {
      view.setUint32(to, first, true);
      view.setUint32(to + 4, second, true);
      to += 8;
    } else {
      for (let at = from; at < from + 8; at++) {
        const byte = raw[at] ?? 0;
        if (PLAIN[byte] === 1) bytes[to++] = byte;
        else to = writeByte(bytes, to, byte, isLatin1);
      }
    }
  }
  for (; from < count; from++) to = writeByte(bytes, to, raw[from] ?? 0, isLatin1);
  sink.length = to;
}

const ONES = 0x01010101;
const HIGH_BITS = 0x80808080 | 0;

/** Tells of two words of four bytes whether all are ASCII that stands for itself. */
function isPlain(first: number, second: number): boolean {
  return ((first | second | below(first) | below(second)) & HIGH_BITS) === 0;
}

/** Tells whether any of eight bytes of UTF-8 is a control character, a quotation mark or a backslash. */
function hasToEscape(first: number, second: number): boolean {
  return (((below(first) & ~first) | (below(second) & ~second)) & HIGH_BITS) !== 0;
}

/**
 * Has the high bits of those bytes that are a control character, a quotation mark or a backslash, and perhaps of others
 * that have it in the word as well: a byte that is less than n gets its high bit when n is subtracted from it.
 */
function below(word: number): number {
  return (word - 0x20 * ONES) | ((word ^ (QUOTE * ONES)) - ONES) | ((word ^ (BACKSLASH * ONES)) - ONES);
}

/** Writes one byte of UTF-8, or one of Latin-1 as UTF-8. @returns where to go on. */
function writeByte(bytes: Uint8Array, at: number, byte: number, isLatin1: boolean): number {
  if (PLAIN[byte] === 1 || (byte >= 0x80 && !isLatin1)) {
    bytes[at] = byte;
    return at + 1;
  }
  if (byte < 0x80) return writeEscape(bytes, at, byte);
  bytes[at] = 0xc0 | (byte >> 6);
  bytes[at + 1] = 0x80 | (byte & 0x3f);
  return at + 2;
}

/** @returns where to go on. */
function writeEscape(bytes: Uint8Array, at: number, character: number): number {
  bytes[at] = BACKSLASH;
  const letter = LETTERS[character] ?? 0;
  if (letter !== 0) {
    bytes[at + 1] = letter;
    return at + 2;
  }
  bytes[at + 1] = LOWER_U;
  bytes[at + 2] = ZERO;
  bytes[at + 3] = ZERO;
  bytes[at + 4] = HEX[character >> 4] ?? 0;
  bytes[at + 5] = HEX[character & 0xf] ?? 0;
  return at + LONGEST_ESCAPE;
}
