import { isPlainObject } from "../lib/json.js";
import type { JsonRecord } from "../lib/json.js";

/** Deeper than any value that is canonicalised; keeps the recursion away from the end of the stack. */
const MAX_DEPTH = 1000;

/** Up to so many keys a search through the list is faster than a set. */
const FEW = 16;

/**
 * Tells whether two values have the same canonical JSON, without writing it: JCS gives different values different
 * texts, but for 0 and -0, which are equal here too. At least one of the two must be known to have a canonical form;
 * the other then has one as well when they are equal. (Of two values without one, such as two equal lone surrogates,
 * the answer says nothing.)
 *
 * Never throws: what lies deeper than 1,000 levels, and what throws when it is looked at, is not equal to anything.
 */
export function equalJson(a: unknown, b: unknown): boolean {
  try {
    return equal(a, b, MAX_DEPTH);
  } catch {
    // A getter or a Proxy that throws: no JSON value, so not the same as one.
    return false;
  }
}

function equal(a: unknown, b: unknown, depthLeft: number): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  if (depthLeft === 0) return false;
  if (Array.isArray(a)) return Array.isArray(b) && equalArrays(a, b, depthLeft - 1);
  return isPlainObject(a) && isPlainObject(b) && equalObjects(a, b, depthLeft - 1);
}

function equalArrays(a: readonly unknown[], b: readonly unknown[], depthLeft: number): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!equal(a[i], b[i], depthLeft)) return false;
  return true;
}

function equalObjects(a: JsonRecord, b: JsonRecord, depthLeft: number): boolean {
  const keys = Object.keys(a);
  // All keys before any value: to descend on a guess and start over is exponential in the depth.
  if (!hasKeys(b, keys)) return false;
  for (const key of keys) if (!equal(a[key], b[key], depthLeft)) return false;
  return true;
}

/** Tells whether an object has these own keys and no others, in whatever order. */
function hasKeys(object: JsonRecord, keys: readonly string[]): boolean {
  const own = Object.keys(object);
  if (own.length !== keys.length) return false;
  let same = 0;
  while (same < keys.length && own[same] === keys[same]) same++;
  if (same === keys.length) return true;
  if (keys.length <= FEW) return keys.every((key) => own.includes(key));
  const rest = new Set(own);
  return keys.every((key) => rest.has(key));
}
