import { isSameJson } from "../crypto/canonical-json.js";
import { exceedsJson } from "../crypto/measure-json.js";
import { isPlainObject, ownValue } from "../lib/json.js";
import { RECEIPT_META, RECEIPT_META_ALIAS } from "../receipt/meta.js";
import { parseAgentReceipt } from "../receipt/parse.js";
import type { ReceiptV1 } from "../receipt/types.js";
import { reject } from "./verdict.js";
import type { Rejected } from "./verdict.js";
import { RECEIPT_LEVELS } from "./limits.js";
import type { VerifyLimits } from "./limits.js";

/** A receipt as it was found. `other` is there if it stands under its name and its alias. */
interface FoundReceipt {
  readonly ok: true;
  readonly receipt: unknown;
  readonly other: unknown;
}

/** Finds the receipt in a request's `_meta`, under its name or its alias. */
export function findReceipt(meta: unknown): FoundReceipt | Rejected {
  if (!isPlainObject(meta)) return reject("unsigned", "the request has no _meta");
  const named = ownValue(meta, RECEIPT_META);
  const alias = ownValue(meta, RECEIPT_META_ALIAS);
  if (named === undefined && alias === undefined) return reject("unsigned", `_meta has no ${RECEIPT_META}`);
  return named === undefined
    ? { ok: true, receipt: alias, other: undefined }
    : { ok: true, receipt: named, other: alias };
}

/** Checks that a receipt under both names is one and the same. To compare them is dear for a stranger's. */
export function checkOther({ receipt, other }: FoundReceipt, limits: VerifyLimits): Rejected | undefined {
  if (other === undefined || isSameJson(receipt, other, receiptLimits(limits))) return undefined;
  return reject("malformed", `_meta has both ${RECEIPT_META} and ${RECEIPT_META_ALIAS}, and they differ`);
}

/** Refuses what is larger or deeper than the limits, at the cost of a bounded look. */
export function checkSize(
  receipt: unknown,
  { value, without }: { readonly value: unknown; readonly without: string | undefined },
  limits: VerifyLimits,
): Rejected | undefined {
  const oversize = checkReceiptSize(receipt, limits);
  if (oversize !== undefined) return oversize;
  const excess = exceedsJson(value, { maxBytes: limits.argumentBytes, maxDepth: limits.depth, without });
  return excess === undefined ? undefined : tooLarge("the arguments are", "argumentBytes", excess, limits);
}

/**
 * Parses the receipt. Version 4 and decisions speak of authority that is not enforced yet: they are refused by
 * name rather than accepted as something less.
 */
export function readReceipt(value: unknown): { readonly ok: true; readonly receipt: ReceiptV1 } | Rejected {
  if (isPlainObject(value)) {
    if (ownValue(value, "v") === 4)
      return reject("unsupported_authority", "the receipt is a delegated one (v4)");
    if (Object.hasOwn(value, "authz_decision")) {
      return reject("unsupported_authority", "the receipt carries an authorization decision");
    }
  }
  const parsed = parseAgentReceipt(value);
  if (!parsed.ok) return reject(parsed.code, parsed.detail);
  if (parsed.value.v !== 1) return reject("unsupported_authority", "the receipt is a delegated one (v4)");
  return { ok: true, receipt: parsed.value };
}

function checkReceiptSize(receipt: unknown, limits: VerifyLimits): Rejected | undefined {
  const excess = exceedsJson(receipt, receiptLimits(limits));
  return excess === undefined ? undefined : tooLarge("the receipt is", "receiptBytes", excess, limits);
}

function receiptLimits(limits: VerifyLimits): { readonly maxBytes: number; readonly maxDepth: number } {
  return { maxBytes: limits.receiptBytes, maxDepth: limits.depth + RECEIPT_LEVELS };
}

function tooLarge(
  whatIs: string,
  bytes: "argumentBytes" | "receiptBytes",
  excess: "bytes" | "depth",
  limits: VerifyLimits,
): Rejected {
  const limit =
    excess === "bytes"
      ? `over limits.${bytes} (${limits[bytes]})`
      : `nested deeper than limits.depth (${limits.depth}) allows`;
  return reject("too_large", `${whatIs} ${limit}`);
}
