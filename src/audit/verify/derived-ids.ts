import { parseSignatureText } from "../../crypto/key-text.js";
import { isPlainObject, ownValue } from "../../lib/json.js";
import type { JsonRecord } from "../../lib/json.js";
import { artifactId } from "../../receipt/artifact-id.js";
import type { RecordFinding } from "./record-finding.js";

/**
 * Gives a receipt, and the one that it embeds, the ids that follow from their signatures: no signature covers an id, so
 * that one which is wrong hides nothing else.
 *
 * @returns `undefined` when no id is wrong.
 */
export function withDerivedIds(
  receipt: JsonRecord,
): { readonly receipt: JsonRecord; readonly findings: readonly RecordFinding[] } | undefined {
  const embedded = ownValue(receipt, "agent_receipt");
  const inner = isPlainObject(embedded) ? withDerivedIds(embedded) : undefined;
  const outer = inner === undefined ? receipt : { ...receipt, agent_receipt: inner.receipt };
  const signature = parseSignatureText(ownValue(receipt, "sig"));
  const found = ownValue(receipt, "id");
  if (signature === undefined || typeof found !== "string") return inner && { ...inner, receipt: outer };
  const expected = artifactId("rec", signature);
  if (found === expected) return inner && { ...inner, receipt: outer };
  const finding: RecordFinding = {
    code: "id_mismatch",
    detail: "the receipt's id does not follow from its signature",
    expected,
    found: found.slice(0, 64),
    receiptId: expected,
  };
  return { receipt: { ...outer, id: expected }, findings: [finding, ...(inner?.findings ?? [])] };
}
