import { isOwn, isPlainObject } from "../lib/json.js";

export interface JsonLimits {
  /** Bytes of the canonical text. */
  readonly maxBytes: number;
  /** Levels of nesting; a scalar has none, an empty object one. At most 1,000 whatever is given. */
  readonly maxDepth: number;
  /** A member of the value itself that does not count. Default is none. */
  readonly without?: string | undefined;
}

/** Recursion never goes deeper, whatever the caller asks for. */
const MAX_DEPTH = 1000;

/**
 * Tells cheaply that a value is too big to be worth writing out. What it counts is a lower bound of the bytes of the
 * canonical text: UTF-16 units of strings and keys, punctuation, one byte a number. So a value may pass here and
 * still be too large, never the other way round.
 *
 * Looks at no more than it needs to know, and never throws: cycles and sparse arrays come out as too deep or too
 * large, and so does an object that throws when it is looked at.
 *
 * @returns which limit is exceeded, `undefined` for none.
 */
export function exceedsJson(value: unknown, limits: JsonLimits): "depth" | "bytes" | undefined {
  const maxDepth = Math.min(limits.maxDepth, MAX_DEPTH);
  try {
    const { maxBytes, without } = limits;
    const bytesLeft =
      without !== undefined && isPlainObject(value)
        ? spendObject(value, maxBytes, maxDepth - 1, without)
        : spend(value, maxBytes, maxDepth);
    if (Number.isNaN(bytesLeft)) return "depth";
    return bytesLeft < 0 ? "bytes" : undefined;
  } catch {
    // A getter or a Proxy: nothing that came from JSON. It has no size that could be told, so it is over any limit.
    return "bytes";
  }
}

/** @returns bytes left after the value, negative as soon as there are none, NaN when it is too deep. */
function spend(value: unknown, bytesLeft: number, depthLeft: number): number {
  if (typeof value === "string") return bytesLeft - value.length - 2;
  if (typeof value !== "object" || value === null) return bytesLeft - 1;
  if (!(depthLeft > 0)) return Number.NaN;
  if (Array.isArray(value)) return spendArray(value, bytesLeft, depthLeft - 1);
  if (isPlainObject(value)) return spendObject(value, bytesLeft, depthLeft - 1);
  return bytesLeft - 2;
}

function spendArray(array: readonly unknown[], bytesLeft: number, depthLeft: number): number {
  // Brackets and commas first: the length alone can be too much.
  let left = bytesLeft - 1 - Math.max(1, array.length);
  for (let i = 0; i < array.length && left >= 0; i++) left = spend(array[i], left, depthLeft);
  return left;
}

function spendObject(
  object: Readonly<Record<string, unknown>>,
  bytesLeft: number,
  depthLeft: number,
  without?: string,
): number {
  // Braces; then quotes, colon and comma a member, of which the last has none.
  let left = bytesLeft - 2;
  let isFirst = true;
  for (const key in object) {
    if (key === without || !isOwn(object, key)) continue;
    left = spend(object[key], left - key.length - (isFirst ? 3 : 4), depthLeft);
    if (!(left >= 0)) return left;
    isFirst = false;
  }
  return left;
}
