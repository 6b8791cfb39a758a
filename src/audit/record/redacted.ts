import { isSha256Text } from "../../crypto/digest.js";
import { isPlainObject, ownValue } from "../../lib/json.js";

/** Member that stands alone in the params of a receipt from which they were taken out before it was stored. */
export const REDACTED = "_signet_redacted";

const MEMBERS: readonly string[] = ["v", "receipt_sha256", "kept"];

/** Tells whether params are a mark that the true ones were taken out. An agent may have signed such params, too. */
export function isRedacted(params: unknown): boolean {
  if (!isPlainObject(params) || Object.keys(params).length !== 1) return false;
  const mark = ownValue(params, REDACTED);
  return (
    isPlainObject(mark) &&
    Object.keys(mark).every((name) => MEMBERS.includes(name)) &&
    ownValue(mark, "v") === 1 &&
    isSha256Text(ownValue(mark, "receipt_sha256"))
  );
}
