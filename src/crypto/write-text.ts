import { CanonicalJsonError } from "../errors.js";
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

/** How many bytes the canonical form takes more for a byte: one of UTF-8, or one of Latin-1, of which half become two. */
const UTF8_EXTRA = new Uint8Array(256);
for (let byte = 0; byte < 0x80; byte++) {
  if (LETTERS[byte] !== 0) UTF8_EXTRA[byte] = 1;
  else if (byte < 0x20) UTF8_EXTRA[byte] = LONGEST_ESCAPE - 1;
}
const LATIN1_EXTRA = Uint8Array.from(UTF8_EXTRA, (extra, byte) => (byte < 0x80 ? extra : 1));

/** A search that costs next to nothing in a string that the engine keeps in one byte a character. */
// oxlint-disable-next-line no-control-regex -- the whole range is meant
const BEYOND_LATIN1 = /[^\x00-\xff]/;

/**
 * Has the engine write the string as a whole, at the speed of memory, and then makes room for what has to be escaped.
 * The engine writes Latin-1 faster than UTF-8.
 */
function writeLong(sink: ByteSink, text: string): void {
  const isLatin1 = !BEYOND_LATIN1.test(text);
  if (!isLatin1 && !text.isWellFormed()) {
    throw new CanonicalJsonError("lone_surrogate", "a string with a lone surrogate has no canonical form");
  }
  sink.reserve((isLatin1 ? 1 : 3) * text.length + 1);
  const start = sink.length + 1;
  sink.bytes[start - 1] = QUOTE;
  const end = start + sink.bytes.write(text, start, isLatin1 ? "latin1" : "utf8");
  sink.length = end;
  const extras = isLatin1 ? LATIN1_EXTRA : UTF8_EXTRA;
  const extra = sumOf(extras, sink.bytes, start, end);
  sink.reserve(extra + 1);
  if (extra > 0) expand(sink.bytes, start, end, extra, extras);
  sink.bytes[end + extra] = QUOTE;
  sink.length = end + extra + 1;
}

function sumOf(extras: Uint8Array, bytes: Uint8Array, start: number, end: number): number {
  let sum = 0;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    sum +=
      (extras[bytes[at] ?? 0] ?? 0) +
      (extras[bytes[at + 1] ?? 0] ?? 0) +
      (extras[bytes[at + 2] ?? 0] ?? 0) +
      (extras[bytes[at + 3] ?? 0] ?? 0);
  }
  for (; at < end; at++) sum += extras[bytes[at] ?? 0] ?? 0;
  return sum;
}

/** Moves the text to the end of its place, and from there byte by byte to the front, until the rest is where it belongs. */
function expand(bytes: Buffer, start: number, end: number, extra: number, extras: Uint8Array): void {
  bytes.copyWithin(start + extra, start, end);
  let from = start + extra;
  let to = start;
  while (to < from) {
    const byte = bytes[from++] ?? 0;
    if (extras[byte] === 0) {
      bytes[to++] = byte;
    } else if (byte < 0x80) {
      to = writeEscape(bytes, to, byte);
    } else {
      bytes[to++] = 0xc0 | (byte >> 6);
      bytes[to++] = 0x80 | (byte & 0x3f);
    }
  }
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
