import { CanonicalJsonError } from "../errors.js";
import { isOwn, isPlainObject } from "../lib/json.js";

/**
 * Copies the arrays and objects of a JSON value, so that nobody else holds what is in the copy. Strings, which cannot be
 * written to, are shared.
 *
 * @param maxDepth - Levels that the value may have, as `canonicalJson` counts them.
 * @throws `CanonicalJsonError` `too_deep`, or `not_json` for an object that is not a plain one or has a form of its own, and
 * for what throws when it is looked at. Other faults go into the copy, for `canonicalJson` to find.
 */
export function copyJson<Value>(value: Value, maxDepth: number): Value;
export function copyJson(value: unknown, maxDepth: number): unknown {
  try {
    return copy(value, maxDepth);
  } catch (cause) {
    if (cause instanceof CanonicalJsonError) throw cause;
    throw new CanonicalJsonError("not_json", "a value that cannot be read has no canonical form", { cause });
  }
}

function copy(value: unknown, depthLeft: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (!(depthLeft > 0)) throw new CanonicalJsonError("too_deep", "the value is nested too deep");
  if (Array.isArray(value)) return copyArray(value, depthLeft - 1);
  if (!isPlainObject(value) || typeof value["toJSON"] === "function") {
    throw new CanonicalJsonError("not_json", "an object that is not a plain one has no canonical form");
  }
  // A copy by spread keeps an own `__proto__` as a member like any other, and writing to it then does no more.
  const members = { ...value };
  for (const key in members) {
    const member = members[key];
    if (typeof member === "object" && isOwn(members, key)) members[key] = copy(member, depthLeft - 1);
  }
  return members;
}

/** Holes become `undefined`, which is no JSON either. */
function copyArray(array: readonly unknown[], depthLeft: number): unknown[] {
  if ("toJSON" in array) {
    throw new CanonicalJsonError("not_json", "an array with a form of its own has no canonical form");
  }
  // By index, as everybody else reads it: an array may have an iterator of its own. Of its size at once: one that grows
  // takes room for seventeen items for its first.
  const items: unknown[] = [];
  items.length = array.length;
  for (let i = 0; i < array.length; i++) items[i] = copy(array[i], depthLeft);
  return items;
}
