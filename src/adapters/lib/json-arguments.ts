import { CanonicalJsonError } from "../../errors.js";
import { isPlainObject } from "../../lib/json.js";

/** Deeper than this no receipt goes. */
const MAX_DEPTH = 1000;

/**
 * Copies a tool's arguments as JSON would have them: members that are `undefined` are left out. Nobody else holds what is in the copy.
 *
 * Anything else that is no JSON, such as a bigint, a function or `NaN`, is copied as it is, for whoever signs it to refuse.
 *
 * @returns the copy; `undefined` for `undefined`.
 * @throws `CanonicalJsonError` `too_deep`, or `not_json` for an object that is not a plain one, such as a `Date` or a `Map`, and for what
 * throws when it is looked at.
 *
 * @example
 * ```ts
 * jsonArguments({ city: "Riga", units: undefined }); // { city: "Riga" }
 * ```
 */
export function jsonArguments(value: unknown): unknown {
  try {
    return copy(value, MAX_DEPTH);
  } catch (cause) {
    if (cause instanceof CanonicalJsonError) throw cause;
    throw new CanonicalJsonError("not_json", "arguments that cannot be read have no canonical form", {
      cause,
    });
  }
}

function copy(value: unknown, depthLeft: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depthLeft <= 0) throw new CanonicalJsonError("too_deep", "the arguments are nested too deep");
  if (Array.isArray(value)) return value.map((item: unknown) => copy(item, depthLeft - 1));
  if (!isPlainObject(value)) {
    throw new CanonicalJsonError("not_json", "an object that is not a plain one has no canonical form");
  }
  const members: [string, unknown][] = [];
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) members.push([key, copy(member, depthLeft - 1)]);
  }
  // Defines the members, so an own `__proto__` is one like any other.
  return Object.fromEntries(members);
}
