import { isSameJson } from "../../crypto/canonical-json.js";
import { isPlainObject, ownValue } from "../../lib/json.js";
import type { JsonRecord } from "../../lib/json.js";
import { BILATERAL_META, BILATERAL_META_ALIAS } from "../../receipt/meta.js";
import { parseBilateralReceipt } from "../../receipt/parse.js";
import type { ReceiptV3 } from "../../receipt/types.js";
import { readUnverifiedError, rejectAnswer } from "./refusals.js";
import type { ClientRejection } from "./refusals.js";

/** As many as an answer's arguments may have, and those around them. */
const RECEIPT_LEVELS = 104;

/** The part of an answer that a countersignature covers, and the one that it is in. */
export interface AnswerBody {
  readonly kind: "result" | "error";
  readonly content: JsonRecord;
  /** `_meta` of a result, `data` of an error. */
  readonly holder: "_meta" | "data";
}

/** Takes an answer apart. `undefined` if it has not exactly one of `result` and `error`, or that is no object. */
export function readAnswer(answer: JsonRecord): AnswerBody | undefined {
  const isResult = Object.hasOwn(answer, "result");
  if (isResult === Object.hasOwn(answer, "error")) return undefined;
  const kind = isResult ? "result" : "error";
  const content = ownValue(answer, kind);
  return isPlainObject(content) ? { kind, content, holder: isResult ? "_meta" : "data" } : undefined;
}

/** Finds and parses the countersignature of an answer. It is not checked. */
export function readCountersignature(
  body: AnswerBody,
): { readonly ok: true; readonly receipt: ReceiptV3 } | ClientRejection {
  const held = ownValue(body.content, body.holder);
  const named = isPlainObject(held) ? ownValue(held, BILATERAL_META) : undefined;
  const alias = isPlainObject(held) ? ownValue(held, BILATERAL_META_ALIAS) : undefined;
  if (named === undefined && alias === undefined) {
    const missing = `the ${body.kind} has no ${BILATERAL_META}`;
    if (body.kind === "error") {
      return {
        ...rejectAnswer("countersignature_missing", missing),
        answered: readUnverifiedError(body.content),
      };
    }
    return rejectAnswer(
      "countersignature_missing",
      `${missing}: the server has no guard, or something took it out on the way`,
    );
  }
  if (named !== undefined && alias !== undefined && !isSameJson(named, alias, { maxDepth: RECEIPT_LEVELS })) {
    return rejectAnswer("countersignature_malformed", `${BILATERAL_META} and ${BILATERAL_META_ALIAS} differ`);
  }
  const parsed = parseBilateralReceipt(named === undefined ? alias : named);
  return parsed.ok
    ? { ok: true, receipt: parsed.value }
    : rejectAnswer("countersignature_malformed", parsed.detail);
}

/** Takes the countersignature out of an answer, and with it a `_meta` or `data` that holds nothing else. */
export function withoutCountersignature(
  answer: JsonRecord,
  { kind, content, holder }: AnswerBody,
): JsonRecord {
  const held = ownValue(content, holder);
  if (!isPlainObject(held)) return answer;
  const { [BILATERAL_META]: named, [BILATERAL_META_ALIAS]: alias, ...kept } = held;
  if (named === undefined && alias === undefined) return answer;
  const { [holder]: _, ...rest } = content;
  return { ...answer, [kind]: Object.keys(kept).length === 0 ? rest : { ...content, [holder]: kept } };
}
