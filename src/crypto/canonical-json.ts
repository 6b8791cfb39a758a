import { CanonicalJsonError } from "../errors.js";
import { isPlainObject } from "../lib/json.js";
import type { JsonRecord } from "../lib/json.js";

export interface CanonicalLimits {
  /** Levels of nesting; a scalar has none, an empty object one. From 0 to 1,000, default 100. */
  readonly maxDepth?: number;
  /** UTF-8 bytes of the text. No limit by default. */
  readonly maxBytes?: number;
}

const DEFAULT_DEPTH = 100;
/** Recursion never goes deeper, whatever the caller asks for. */
const MAX_DEPTH = 1000;

/**
 * Writes the canonical JSON of a value: RFC 8785 (JCS), with the refusals of wire-format 2. Object keys are sorted by
 * UTF-16 code units, numbers and strings are as `JSON.stringify` writes them. What is hashed or signed is the UTF-8
 * of this text.
 *
 * Takes only what JSON itself has: null, booleans, finite numbers, well-formed strings, arrays without holes and
 * plain objects. Own enumerable string keys count, `__proto__` like any other.
 *
 * @throws `CanonicalJsonError`:
 * `not_json` for `undefined`, functions, symbols, bigints, class instances, and values that throw when looked at;
 * `non_finite` for NaN and infinities;
 * `unsafe_integer` for integers with 2^53 <= |n| < 2^64, which other implementations refuse;
 * `lone_surrogate` for a string or a key that is not well-formed Unicode;
 * `too_deep` and `too_large` for what is over the limits. Cycles are too deep.
 */
export function canonicalJson(value: unknown, limits: CanonicalLimits = {}): string {
  const { maxDepth = DEFAULT_DEPTH, maxBytes = Number.POSITIVE_INFINITY } = limits;
  const out: Output = { text: "", maxBytes };
  try {
    writeValue(out, value, Math.min(maxDepth, MAX_DEPTH));
  } catch (error) {
    if (error instanceof CanonicalJsonError) throw error;
    throw new CanonicalJsonError("not_json", "a value that throws when it is read has no canonical form", {
      cause: error,
    });
  }
  if (out.text.length * 3 > maxBytes && Buffer.byteLength(out.text) > maxBytes) throw tooLarge(maxBytes);
  return out.text;
}

/**
 * Writes one string as canonical JSON, quotes included.
 *
 * @throws `CanonicalJsonError` `lone_surrogate` for a string that is not well-formed Unicode.
 */
export function canonicalString(text: string): string {
  if (isPlain(text)) return `"${text}"`;
  if (LONE_SURROGATE.test(text)) {
    throw new CanonicalJsonError("lone_surrogate", "a string with a lone surrogate has no canonical form");
  }
  return JSON.stringify(text);
}

interface Output {
  text: string;
  readonly maxBytes: number;
}

function writeValue(out: Output, value: unknown, depthLeft: number): void {
  if (typeof value === "string") {
    if (value.length > out.maxBytes) throw tooLarge(out.maxBytes);
    out.text += canonicalString(value);
  } else if (typeof value === "number") {
    out.text += canonicalNumber(value);
  } else if (typeof value === "boolean" || value === null) {
    out.text += String(value);
  } else if (typeof value !== "object") {
    throw new CanonicalJsonError("not_json", `a value of type ${typeof value} has no canonical form`);
  } else if (depthLeft <= 0) {
    throw new CanonicalJsonError("too_deep", "the value is nested too deep");
  } else if (Array.isArray(value)) {
    writeArray(out, value, depthLeft - 1);
  } else if (isPlainObject(value)) {
    writeObject(out, value, depthLeft - 1);
  } else {
    throw new CanonicalJsonError("not_json", "an object that is not a plain one has no canonical form");
  }
}

function writeArray(out: Output, array: readonly unknown[], depthLeft: number): void {
  out.text += "[";
  for (let i = 0; i < array.length; i++) {
    if (i > 0) out.text += ",";
    writeValue(out, array[i], depthLeft);
    requireRoom(out);
  }
  out.text += "]";
}

function writeObject(out: Output, object: JsonRecord, depthLeft: number): void {
  let separator = "{";
  for (const key of sortedKeys(object)) {
    out.text += `${separator}${canonicalString(key)}:`;
    writeValue(out, object[key], depthLeft);
    requireRoom(out);
    separator = ",";
  }
  out.text += separator === "{" ? "{}" : "}";
}

/** Sorting is dear and most objects have few keys, which often are in order already. */
function sortedKeys(object: JsonRecord): string[] {
  const keys = Object.keys(object);
  for (let i = 1; i < keys.length; i++) {
    if ((keys[i - 1] ?? "") > (keys[i] ?? "")) return keys.sort();
  }
  return keys;
}

const UNSAFE_INTEGER_MIN = 2 ** 53;
const UNSAFE_INTEGER_END = 2 ** 64;

function canonicalNumber(value: number): string {
  const size = Math.abs(value);
  // Written so that NaN fails it too.
  if (!(size < UNSAFE_INTEGER_MIN)) {
    if (!Number.isFinite(value)) throw new CanonicalJsonError("non_finite", `${value} has no canonical form`);
    if (size < UNSAFE_INTEGER_END) {
      throw new CanonicalJsonError("unsafe_integer", "an integer from 2^53 to 2^64 has no canonical form");
    }
  }
  return String(value);
}

/** With the `u` flag a surrogate that is half of a pair does not match. */
const LONE_SURROGATE = /[\ud800-\udfff]/u;
const SHORT = 48;
// eslint-disable-next-line no-control-regex -- these are what JSON escapes
const NOT_PLAIN = /["\\\x00-\x1f\ud800-\udfff]/;

/** Tells whether a string stands for itself: nothing to escape, no surrogates. */
function isPlain(text: string): boolean {
  if (text.length > SHORT) return !NOT_PLAIN.test(text);
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x20 || unit === 0x22 || unit === 0x5c || (unit >= 0xd800 && unit <= 0xdfff)) return false;
  }
  return true;
}

/** UTF-16 units are no more than UTF-8 bytes, so this is early but never wrong; the bytes are counted at the end. */
function requireRoom(out: Output): void {
  if (out.text.length > out.maxBytes) throw tooLarge(out.maxBytes);
}

function tooLarge(maxBytes: number): CanonicalJsonError {
  return new CanonicalJsonError("too_large", `the canonical text is longer than ${maxBytes} bytes`);
}
