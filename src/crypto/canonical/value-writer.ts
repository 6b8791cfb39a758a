import { constants } from "node:buffer";

import { CanonicalJsonError } from "../../errors.js";
import { isPlainObject } from "../../lib/json.js";
import type { JsonRecord } from "../../lib/json.js";
import type { ByteSink } from "./byte-sink.js";
import { KeyShapes, MAX_SHAPE_KEYS, sortedPlaces, writeMemberStart } from "./key-shapes.js";
import type { KeyShape } from "./key-shapes.js";
import { MemberStack } from "./member-stack.js";
import { writeNumber } from "./write-number.js";
import { writeAscii, writeText } from "./write-text.js";

export interface CanonicalLimits {
  /** Levels of nesting; a scalar has none, an empty object one. From 0 to 1,000, default 100. */
  readonly maxDepth?: number;
  /** UTF-8 bytes of the text. No limit by default. */
  readonly maxBytes?: number;
}

const DEFAULT_DEPTH = 100;
/** Recursion never goes deeper, whatever the caller asks for. */
const MAX_DEPTH = 1000;
/** Longer texts could not be strings either. */
const MAX_LENGTH = constants.MAX_STRING_LENGTH;
const ARRAY_PROTOTYPE: unknown = Array.prototype;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const CLOSING_BRACE = 0x7d;
const COMMA = 0x2c;

/** Walks a value and writes its canonical JSON. With a second value, walks both and compares them. */
export class ValueWriter {
  readonly #sink: ByteSink;
  readonly #shapes = new KeyShapes();
  readonly #members = new MemberStack();
  /** Where the text of the value at work has to end at the latest. */
  #limit = MAX_LENGTH;
  #isSame = true;

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /** @throws `CanonicalJsonError` as `canonicalJson` does. */
  write(value: unknown, limits: CanonicalLimits): void {
    try {
      this.#begin(limits);
      this.#write(value, depthOf(limits));
      this.#requireRoom(0);
    } catch (cause) {
      throw refused(cause);
    }
  }

  /** @throws `CanonicalJsonError` as `canonicalJson` does, for the first value. */
  writeSame(value: unknown, other: unknown, limits: CanonicalLimits): boolean {
    try {
      this.#begin(limits);
      this.#isSame = true;
      this.#writeSame(value, other, depthOf(limits));
      this.#requireRoom(0);
      return this.#isSame;
    } catch (cause) {
      throw refused(cause);
    }
  }

  clear(): void {
    this.#members.clear();
  }

  #begin({ maxBytes }: CanonicalLimits): void {
    this.#limit = maxBytes === undefined ? MAX_LENGTH : this.#sink.length + maxBytes;
  }

  /** Written so that a limit that is no number refuses everything. A string has no more UTF-16 units than bytes. */
  #requireRoom(units: number): void {
    if (!(this.#sink.length + units <= this.#limit)) {
      throw new CanonicalJsonError("too_large", "the canonical text is longer than allowed");
    }
  }

  #byte(byte: number): void {
    this.#sink.reserve(1);
    this.#sink.bytes[this.#sink.length++] = byte;
  }

  /** @param depthLeft - How many levels the value may have. */
  #write(value: unknown, depthLeft: number): void {
    switch (typeof value) {
      case "string":
        this.#requireRoom(value.length);
        writeText(this.#sink, value);
        return;
      case "number":
        writeNumber(this.#sink, value);
        return;
      case "boolean":
        writeAscii(this.#sink, value ? "true" : "false");
        return;
      case "object":
        if (value === null) writeAscii(this.#sink, "null");
        else if (Array.isArray(value)) this.#writeArray(value, undefined, below(depthLeft));
        else this.#writeObject(requirePlain(value), undefined, below(depthLeft));
        return;
      default:
        throw new CanonicalJsonError("not_json", `a value of type ${typeof value} has no canonical form`);
    }
  }

  /** Writes a value and compares it with another, as long as no difference was found. */
  #writeSame(value: unknown, other: unknown, depthLeft: number): void {
    if (!this.#isSame) {
      this.#write(value, depthLeft);
    } else if (typeof value !== "object" || value === null) {
      this.#isSame = value === other;
      this.#write(value, depthLeft);
    } else if (Array.isArray(value)) {
      const same = Array.isArray(other) && other.length === value.length ? other : undefined;
      this.#isSame = same !== undefined;
      this.#writeArray(value, same, below(depthLeft));
    } else {
      const same = isPlainObject(other) ? other : undefined;
      this.#isSame = same !== undefined;
      this.#writeObject(requirePlain(value), same, below(depthLeft));
    }
  }

  #writeArray(array: readonly unknown[], other: readonly unknown[] | undefined, depthLeft: number): void {
    if (Object.getPrototypeOf(array) !== ARRAY_PROTOTYPE || "toJSON" in array) {
      throw new CanonicalJsonError("not_json", "an array with a form of its own has no canonical form");
    }
    this.#byte(OPENING_BRACKET);
    for (let i = 0; i < array.length; i++) {
      if (i > 0) this.#byte(COMMA);
      if (other === undefined) this.#write(array[i], depthLeft);
      else this.#writeSame(array[i], other[i], depthLeft);
      this.#requireRoom(0);
    }
    this.#byte(CLOSING_BRACKET);
  }

  #writeObject(object: JsonRecord, other: JsonRecord | undefined, depthLeft: number): void {
    // Hidden from the keys, or inherited by all objects, it would still be what `JSON.stringify` sends.
    if (typeof object["toJSON"] === "function") {
      throw new CanonicalJsonError("not_json", "an object with a form of its own has no canonical form");
    }
    const base = this.#members.top;
    const end = this.#members.push(object);
    if (other !== undefined && !this.#members.match(other, base, end)) this.#isSame = false;
    if (base === end) {
      writeAscii(this.#sink, "{}");
      return;
    }
    if (end - base > MAX_SHAPE_KEYS) {
      this.#writeMany(this.#members.keys.slice(base, end).sort(), object, other, depthLeft);
    } else {
      const shape = this.#shapes.find(this.#members.keys, base, end);
      if (shape === undefined) this.#writeFew(base, end, other !== undefined, depthLeft);
      else this.#writeShaped(shape, base, other !== undefined, depthLeft);
    }
    this.#byte(CLOSING_BRACE);
    this.#members.pop(base);
  }

  #writeShaped({ order, starts }: KeyShape, base: number, compare: boolean, depthLeft: number): void {
    for (let position = 0; position < order.length; position++) {
      this.#writeStart(starts[position] ?? NOTHING);
      this.#writePlace(base + (order[position] ?? 0), compare, depthLeft);
    }
  }

  /** Writes members whose keys were not seen before. */
  #writeFew(base: number, end: number, compare: boolean, depthLeft: number): void {
    const { keys } = this.#members;
    const places = sortedPlaces(keys, base, end);
    for (let position = 0; position < places.length; position++) {
      const place = places[position] ?? 0;
      writeMemberStart(this.#sink, keys[place] ?? "", position === 0);
      this.#writePlace(place, compare, depthLeft);
    }
  }

  /** Of many members the values are sooner looked up by key than the keys are sorted with their places. */
  #writeMany(
    sortedKeys: readonly string[],
    object: JsonRecord,
    other: JsonRecord | undefined,
    depthLeft: number,
  ): void {
    for (let position = 0; position < sortedKeys.length; position++) {
      const key = sortedKeys[position] ?? "";
      writeMemberStart(this.#sink, key, position === 0);
      if (other === undefined) this.#write(object[key], depthLeft);
      else this.#writeSame(object[key], other[key], depthLeft);
      this.#requireRoom(0);
    }
  }

  /** Writes the value of a member on the stack. */
  #writePlace(place: number, compare: boolean, depthLeft: number): void {
    const { values, others } = this.#members;
    if (compare) this.#writeSame(values[place], others[place], depthLeft);
    else this.#write(values[place], depthLeft);
    this.#requireRoom(0);
  }

  /** The bytes are few: a loop is cheaper than a call. */
  #writeStart(start: Uint8Array): void {
    this.#sink.reserve(start.length);
    const { bytes, length } = this.#sink;
    for (let i = 0; i < start.length; i++) bytes[length + i] = start[i] ?? 0;
    this.#sink.length = length + start.length;
  }
}

const NOTHING = new Uint8Array(0);

function depthOf({ maxDepth = DEFAULT_DEPTH }: CanonicalLimits): number {
  return Math.min(maxDepth, MAX_DEPTH);
}

/** Written so that a limit that is no number refuses everything. */
function below(depthLeft: number): number {
  if (depthLeft > 0) return depthLeft - 1;
  throw new CanonicalJsonError("too_deep", "the value is nested too deep");
}

function requirePlain(value: object): JsonRecord {
  if (isPlainObject(value)) return value;
  throw new CanonicalJsonError("not_json", "an object that is not a plain one has no canonical form");
}

function refused(cause: unknown): CanonicalJsonError {
  if (cause instanceof CanonicalJsonError) return cause;
  return new CanonicalJsonError("not_json", "a value that cannot be read has no canonical form", { cause });
}
