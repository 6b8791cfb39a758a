import { CanonicalJsonError } from "../../errors.js";
import type { ByteSink } from "./byte-sink.js";
import { writeAscii } from "./write-text.js";

/**
 * Writes one number as canonical JSON, that is as ECMAScript writes it.
 *
 * @throws `CanonicalJsonError` `non_finite`, or `unsafe_integer` for integers with 2^53 <= |n| < 2^64.
 */
export function writeNumber(sink: ByteSink, value: number): void {
  const size = value < 0 ? -value : value;
  if (size < SIMPLE_BELOW) {
    // -0 is written as 0.
    const whole = Math.floor(size);
    if (whole === size) {
      sink.reserve(MOST_DIGITS + 1);
      if (value < 0) sink.bytes[sink.length++] = MINUS;
      writeDigits(sink, whole);
      return;
    }
    const millionths = Math.floor(size * 1e6 + 0.5);
    // Decimals of up to 15 digits are different doubles, and a division is rounded correctly: so if this one is the
    // double in question, it is also the shortest text of it.
    if (millionths > 0 && millionths / 1e6 === size) {
      sink.reserve(MOST_DIGITS + 1);
      if (value < 0) sink.bytes[sink.length++] = MINUS;
      writeMillionths(sink, millionths);
      return;
    }
  } else if (!Number.isFinite(value)) {
    throw new CanonicalJsonError("non_finite", `${value} has no canonical form`);
  } else if (size >= UNSAFE_FROM && size < UNSAFE_TO) {
    throw new CanonicalJsonError("unsafe_integer", "an integer from 2^53 to 2^64 has no canonical form");
  }
  writeAscii(sink, `${value}`);
}

const UNSAFE_FROM = 2 ** 53;
const UNSAFE_TO = 2 ** 64;
const SIMPLE_BELOW = 1e9;
const MOST_DIGITS = 17;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;

/** @param whole - A whole number from 0 to 10^9. */
function writeDigits(sink: ByteSink, whole: number): void {
  const { bytes } = sink;
  let count = 1;
  for (let power = 10; power <= whole; power *= 10) count++;
  let rest = whole | 0;
  for (let at = sink.length + count - 1; at >= sink.length; at--) {
    const tenth = (rest / 10) | 0;
    bytes[at] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
  sink.length += count;
}

function writeMillionths(sink: ByteSink, millionths: number): void {
  const whole = Math.floor(millionths / 1e6);
  writeDigits(sink, whole);
  let rest = millionths - whole * 1e6;
  const { bytes } = sink;
  let at = sink.length;
  bytes[at++] = POINT;
  // Six digits, without the zeros at the end.
  for (let unit = 1e5; rest > 0; unit /= 10) {
    const digit = Math.floor(rest / unit);
    bytes[at++] = ZERO + digit;
    rest -= digit * unit;
  }
  sink.length = at;
}
