import { parseSignatureText } from "../../crypto/key-text.js";
import { isPlainObject, ownValue } from "../../lib/json.js";
import type { JsonRecord } from "../../lib/json.js";
import { artifactId } from "../../receipt/artifact-id.js";
import { parseReceipt } from "../../receipt/parse.js";
import type { Receipt } from "../../receipt/types.js";
import type { RecordFinding } from "./record-finding.js";

export interface ParsedWithIds {
  readonly receipt: Receipt | undefined;
  /** What is wrong with its ids: they were put right. */
  readonly ids: readonly RecordFinding[];
  readonly refusal: RecordFinding;
}

/** Parses a receipt of any version. One whose ids alone are wrong is parsed with the right ones. */
export function parseWithIds(value: JsonRecord): ParsedWithIds {
  const parsed = parseReceipt(value);
  if (parsed.ok) return { receipt: parsed.value, ids: [], refusal: NO_REFUSAL };
  const code = parsed.code === "malformed" ? "receipt_malformed" : parsed.code;
  const refusal: RecordFinding = { code, detail: parsed.detail };
  const derived = code === "receipt_malformed" ? withDerivedIds(value) : undefined;
  const again = derived === undefined ? undefined : parseReceipt(derived.receipt);
  if (derived === undefined || again?.ok !== true) return { receipt: undefined, ids: [], refusal };
  return { receipt: again.value, ids: derived.findings, refusal };
}

const NO_REFUSAL: RecordFinding = { code: "receipt_malformed", detail: "" };

/**
 * Gives a receipt, and the one that it embeds, the ids that follow from their signatures: no signature covers an id, so
 * that one which is wrong hides nothing else.
 *
 * @returns `undefined` when no id is wrong.
 */
function withDerivedIds(
  receipt: JsonRecord,
): { readonly receipt: JsonRecord; readonly findings: readonly RecordFinding[] } | undefined {
  const agent = ownValue(receipt, "agent_receipt");
  const embedded = isPlainObject(agent) ? agent : undefined;
  const inner = embedded && deriveId(embedded);
  const own = deriveId(receipt);
  if (inner === undefined && own === undefined) return undefined;
  return {
    receipt: {
      ...receipt,
      ...(inner === undefined ? {} : { agent_receipt: { ...embedded, id: inner.expected } }),
      ...(own === undefined ? {} : { id: own.expected }),
    },
    findings: [own, inner].flatMap((finding) => finding ?? []),
  };
}

/** @returns what is wrong with an id, `undefined` if nothing is. */
function deriveId(receipt: JsonRecord): RecordFinding | undefined {
  const signature = parseSignatureText(ownValue(receipt, "sig"));
  const found = ownValue(receipt, "id");
  if (signature === undefined || typeof found !== "string") return undefined;
  const expected = artifactId("rec", signature);
  if (found === expected) return undefined;
  const detail = "the receipt's id does not follow from its signature";
  return { code: "id_mismatch", detail, expected, found: found.slice(0, 64), receiptId: expected };
}
