import { canonicalHash } from "../crypto/canonical-json.js";
import type { CanonicalLimits } from "../crypto/canonical-json.js";
import type { Sha256Text } from "../crypto/digest.js";
import { isPlainObject } from "../lib/json.js";
import type { JsonRecord } from "../lib/json.js";
import { BILATERAL_META, BILATERAL_META_ALIAS } from "./meta.js";

/**
 * Hashes a JSON-RPC `result` as it is on the wire (wire format, section 6): SHA-256 of its canonical JSON without
 * `_meta._signet_bilateral` and its alias, and without `_meta` if that leaves it empty or if it was empty. So both
 * sides get the same hash, whether the countersignature is in the result yet or not. Does not change the result.
 *
 * @param result - Any JSON value.
 * @param limits - Bounds on the canonical text.
 * @throws `CanonicalJsonError` when the result has no canonical form: whoever made the result is at fault.
 */
export function contentHash(result: unknown, limits?: CanonicalLimits): Sha256Text {
  return canonicalHash(withoutCountersignature(result, "_meta"), limits);
}

/**
 * Hashes a JSON-RPC `error` as it is on the wire (guard, section 3): as {@link contentHash}, but without
 * `data._signet_bilateral` and its alias, and without `data` if that leaves it an empty object or if it was one.
 *
 * @throws `CanonicalJsonError` when the error has no canonical form.
 */
export function errorHash(error: unknown, limits?: CanonicalLimits): Sha256Text {
  return canonicalHash(withoutCountersignature(error, "data"), limits);
}

/** Copies only what it takes something out of; a copy by spread keeps an own `__proto__` as data. */
function withoutCountersignature(content: unknown, holder: "_meta" | "data"): unknown {
  if (!isPlainObject(content) || !Object.hasOwn(content, holder)) return content;
  const held = content[holder];
  if (!isPlainObject(held)) return content;
  const kept = withoutMember(withoutMember(held, BILATERAL_META), BILATERAL_META_ALIAS);
  if (kept === held && Object.keys(held).length > 0) return content;
  return Object.keys(kept).length === 0 ? withoutMember(content, holder) : { ...content, [holder]: kept };
}

function withoutMember(object: JsonRecord, name: string): JsonRecord {
  if (!Object.hasOwn(object, name)) return object;
  const { [name]: _, ...rest } = object;
  return rest;
}
