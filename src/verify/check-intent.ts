import { quoted } from "../lib/text.js";
import { parseTime } from "../lib/time.js";
import type { ReceiptV1 } from "../receipt/types.js";
import { reject } from "./verdict.js";
import type { Rejected } from "./verdict.js";

/** Checks that `now` is inside the receipt's time window: `now - maxAgeMs <= ts <= now + clockSkewMs`, and `exp` is not past. */
export function checkTime(
  receipt: ReceiptV1,
  now: number,
  window: { readonly maxAgeMs: number; readonly clockSkewMs: number },
): Rejected | undefined {
  // Written so that a clock that gives NaN is refused too.
  const issuedAt = parseTime(receipt.ts);
  if (issuedAt === undefined) return reject("malformed", "ts is no RFC 3339 time in UTC");
  if (receipt.exp !== undefined) {
    const expiresAt = parseTime(receipt.exp);
    if (expiresAt === undefined) return reject("malformed", "exp is no RFC 3339 time in UTC");
    if (!(now < expiresAt)) return reject("expired", `exp is past by ${now - expiresAt} ms`);
  }
  if (!(issuedAt >= now - window.maxAgeMs)) return reject("too_old", `signed ${now - issuedAt} ms ago`);
  if (!(issuedAt <= now + window.clockSkewMs))
    return reject("from_future", `dated ${issuedAt - now} ms ahead`);
  return undefined;
}

/** Checks that the receipt is for this server: a receipt for one server must not work on another. */
export function checkTarget(receipt: ReceiptV1, targets: ReadonlySet<string>): Rejected | undefined {
  const { target } = receipt.action;
  return targets.has(target)
    ? undefined
    : reject("wrong_target", `signed for ${quoted(target)}, this is ${[...targets].map(quoted).join(", ")}`);
}

/** Checks that the receipt names what is called. */
export function checkTool(receipt: ReceiptV1, tool: string | undefined): Rejected | undefined {
  if (tool === undefined) return reject("wrong_tool", "the call names no tool that a receipt can name");
  if (receipt.action.tool === tool) return undefined;
  return reject("wrong_tool", `signed for ${quoted(receipt.action.tool)}, called ${quoted(tool)}`);
}
