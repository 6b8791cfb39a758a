import { ByteSink } from "./byte-sink.js";
import { writeText } from "./write-text.js";

/** What has to be known of an object's keys to write its members in canonical order. */
export interface KeyShape {
  /** The own keys in the order in which the engine lists them. */
  readonly keys: readonly string[];
  /** For each member in canonical order, which one of `keys` is its key. */
  readonly order: readonly number[];
  /** For each member in canonical order, what comes before its value: brace or comma, key and colon. */
  readonly starts: readonly Uint8Array[];
}

/** Objects with more keys are not remembered. */
export const MAX_SHAPE_KEYS = 64;
/** Nor are those with more UTF-16 units of keys. */
const MAX_SHAPE_UNITS = 1024;
const SLOTS = 256;

/**
 * Remembers the keys of objects: they repeat from call to call, and within one. Bounded: what comes later replaces
 * what was there, and only what is seen twice in a row at its place is remembered at all.
 */
export class KeyShapes {
  readonly #shapes: (KeyShape | undefined)[] = Array.from({ length: SLOTS }, () => undefined);
  readonly #seen = new Uint32Array(SLOTS);
  readonly #scratch = new ByteSink();

  /**
   * Looks up the shape of an object by its keys, which are in `keys` from `base` up to `end`.
   *
   * @returns `undefined` when it is not remembered (yet).
   */
  find(keys: readonly string[], base: number, end: number): KeyShape | undefined {
    const first = keys[base] ?? "";
    const last = keys[end - 1] ?? "";
    const slot =
      ((end - base) * 31 +
        first.length * 7 +
        last.length * 13 +
        first.charCodeAt(0) * 3 +
        last.charCodeAt(0) * 17) &
      (SLOTS - 1);
    const shape = this.#shapes[slot];
    if (shape !== undefined && hasKeys(shape, keys, base, end)) return shape;
    return this.#learn(slot, keys, base, end);
  }

  #learn(slot: number, keys: readonly string[], base: number, end: number): KeyShape | undefined {
    let print = end - base;
    let units = 0;
    for (let at = base; at < end; at++) {
      const key = keys[at] ?? "";
      units += key.length;
      print = (Math.imul(print, 31) + key.length * 256 + key.charCodeAt(key.length >> 1)) >>> 0;
    }
    if (this.#seen[slot] !== print) {
      this.#seen[slot] = print;
      return undefined;
    }
    if (units > MAX_SHAPE_UNITS) return undefined;
    const shape = this.#describe(keys.slice(base, end));
    this.#shapes[slot] = shape;
    return shape;
  }

  #describe(keys: readonly string[]): KeyShape {
    const order = sortedPlaces(keys, 0, keys.length);
    const starts = order.map((index, position) => {
      this.#scratch.clear();
      writeMemberStart(this.#scratch, keys[index] ?? "", position === 0);
      return new Uint8Array(this.#scratch.bytes.subarray(0, this.#scratch.length));
    });
    return { keys, order, starts };
  }
}

/** The places of the keys from `base` up to `end`, in canonical order. An insertion sort: for few keys. */
export function sortedPlaces(keys: readonly string[], base: number, end: number): number[] {
  const places: number[] = [];
  for (let place = base; place < end; place++) {
    const key = keys[place] ?? "";
    let at = places.length;
    for (; at > 0 && (keys[places[at - 1] ?? 0] ?? "") > key; at--) places[at] = places[at - 1] ?? 0;
    places[at] = place;
  }
  return places;
}

/** Writes what comes before a member's value: brace or comma, key and colon. */
export function writeMemberStart(sink: ByteSink, key: string, isFirst: boolean): void {
  sink.reserve(1);
  sink.bytes[sink.length++] = isFirst ? OPENING_BRACE : COMMA;
  writeText(sink, key);
  sink.reserve(1);
  sink.bytes[sink.length++] = COLON;
}

const OPENING_BRACE = 0x7b;
const COMMA = 0x2c;
const COLON = 0x3a;

function hasKeys(shape: KeyShape, keys: readonly string[], base: number, end: number): boolean {
  const known = shape.keys;
  if (known.length !== end - base) return false;
  for (let i = 0; i < known.length; i++) if (known[i] !== keys[base + i]) return false;
  return true;
}
