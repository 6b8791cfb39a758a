import type { JsonRecord } from "../../lib/json.js";
import { isPromise } from "../../lib/maybe-promise.js";
import type { Assessment } from "./assess.js";
import type { ClientContext } from "./context.js";
import type { SentCall } from "./request.js";
import { sentReceipt } from "./sent-receipt.js";

/** Tells `onReceipt` of an answer. What it throws is reported. */
export function tellAnswer(
  { settings: { onReceipt }, handover }: ClientContext,
  call: SentCall,
  response: JsonRecord,
  { countersignature, rejection, verified }: Assessment,
): void {
  if (onReceipt === undefined) return;
  const receipt =
    call.receipt === undefined && verified ? countersignature?.agent_receipt : sentReceipt(call);
  const answered = { request: call.request, response, receipt, countersignature, verified };
  try {
    const told = onReceipt(
      rejection === undefined ? answered : { ...answered, reason: rejection.code, detail: rejection.detail },
    );
    if (isPromise(told)) told.then(undefined, (error: unknown) => handover.report(error));
  } catch (error) {
    handover.report(error);
  }
}
