import { constants } from "node:buffer";

import { CanonicalJsonError } from "../errors.js";
import { isPlainObject } from "../lib/json.js";
import type { JsonRecord } from "../lib/json.js";
import { canonicalNumber, canonicalString, isShortAndPlain } from "./canonical-scalar.js";

export { canonicalString };

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
 * `not_json` for `undefined`, functions, symbols, bigints, class instances, objects of another realm, and values that
 * throw when looked at;
 * `non_finite` for NaN and infinities;
 * `unsafe_integer` for integers with 2^53 <= |n| < 2^64, which other implementations refuse;
 * `lone_surrogate` for a string or a key that is not well-formed Unicode;
 * `too_deep` and `too_large` for what is over the limits, as soon as it is known. Cycles are too deep.
 */
export function canonicalJson(value: unknown, limits: CanonicalLimits = {}): string {
  const { maxDepth = DEFAULT_DEPTH, maxBytes } = limits;
  const text = write(value, Math.min(maxDepth, MAX_DEPTH), Math.min(maxBytes ?? MAX_LENGTH, MAX_LENGTH));
  if (maxBytes !== undefined && !(text.length * 3 <= maxBytes) && !(Buffer.byteLength(text) <= maxBytes)) {
    throw tooLarge();
  }
  return text;
}

const MAX_LENGTH = constants.MAX_STRING_LENGTH;
/** With more keys the built-in sort is faster. */
const FEW = 24;
const ARRAY_PROTOTYPE: unknown = Array.prototype;

function write(value: unknown, depthLeft: number, room: number): string {
  try {
    return writeValue(value, depthLeft, room);
  } catch (cause) {
    if (cause instanceof CanonicalJsonError) throw cause;
    throw new CanonicalJsonError("not_json", "a value that cannot be read has no canonical form", { cause });
  }
}

/**
 * The limits are compared so that a limit that is no number refuses everything.
 *
 * @param depthLeft - How many levels the value may have.
 * @param room - How many UTF-16 units the text may have. They are no more than its bytes, so this limit comes early
 * but is never wrong.
 */
function writeValue(value: unknown, depthLeft: number, room: number): string {
  switch (typeof value) {
    case "string":
      if (!(value.length <= room)) throw tooLarge();
      return canonicalString(value);
    case "number":
      return canonicalNumber(value);
    case "boolean":
      return value ? "true" : "false";
    case "object":
      if (value === null) return "null";
      if (!(depthLeft > 0)) throw new CanonicalJsonError("too_deep", "the value is nested too deep");
      if (Array.isArray(value)) return writeArray(value, depthLeft - 1, room);
      if (isPlainObject(value)) return writeObject(value, depthLeft - 1, room);
      throw new CanonicalJsonError("not_json", "an object that is not a plain one has no canonical form");
    default:
      throw new CanonicalJsonError("not_json", `a value of type ${typeof value} has no canonical form`);
  }
}

function writeArray(array: readonly unknown[], depthLeft: number, room: number): string {
  if (Object.getPrototypeOf(array) !== ARRAY_PROTOTYPE || "toJSON" in array) {
    throw new CanonicalJsonError("not_json", "an array with a form of its own has no canonical form");
  }
  if (array.length === 0) return "[]";
  let text = "[";
  for (let i = 0; i < array.length; i++) {
    const item = writeValue(array[i], depthLeft, room - text.length);
    text += i === 0 ? item : `,${item}`;
    if (!(text.length <= room)) throw tooLarge();
  }
  return `${text}]`;
}

function writeObject(object: JsonRecord, depthLeft: number, room: number): string {
  // Hidden from the keys, or inherited by all objects, it would still be what `JSON.stringify` sends.
  if (typeof object["toJSON"] === "function") {
    throw new CanonicalJsonError("not_json", "an object with a form of its own has no canonical form");
  }
  let text = "";
  for (const key of sortedKeys(object)) {
    text += memberStart(key, text === "") + writeValue(object[key], depthLeft, room - text.length);
    if (!(text.length <= room)) throw tooLarge();
  }
  return text === "" ? "{}" : `${text}}`;
}

/** One template for most keys: concatenations are what a small object costs. */
function memberStart(key: string, isFirst: boolean): string {
  if (isShortAndPlain(key)) return isFirst ? `{"${key}":` : `,"${key}":`;
  return `${isFirst ? "{" : ","}${canonicalString(key)}:`;
}

/** An insertion sort: most objects have few keys, and many have them in order. */
function sortedKeys(object: JsonRecord): string[] {
  const keys = Object.keys(object);
  let last = keys[0] ?? "";
  for (let i = 1; i < keys.length; i++) {
    const key = keys[i] ?? "";
    if (last <= key) {
      last = key;
      continue;
    }
    if (keys.length > FEW) return keys.sort();
    let at = i;
    do {
      keys[at] = keys[at - 1] ?? "";
      at--;
    } while (at > 0 && (keys[at - 1] ?? "") > key);
    keys[at] = key;
  }
  return keys;
}

function tooLarge(): CanonicalJsonError {
  return new CanonicalJsonError("too_large", "the canonical text is longer than allowed");
}
