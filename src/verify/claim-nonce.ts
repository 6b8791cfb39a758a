import { delay } from "../lib/delay.js";
import type { MaybePromise } from "../lib/maybe-promise.js";
import { parseTime } from "../lib/time.js";
import type { ReceiptV1 } from "../receipt/types.js";
import type { Charge } from "../replay/counters/charge.js";
import type { HeldReceipts } from "./held-receipts.js";
import type { GatedOutcome, StoreGate } from "./store-gate.js";

/** How much longer than the receipt could pass the time window its nonce is kept. */
const EXPIRY_MARGIN_MS = 1000;

interface ClaimContext {
  readonly replay: StoreGate;
  readonly maxAgeMs: number;
  readonly clockSkewMs: number;
  readonly clock: () => number;
  readonly held: HeldReceipts;
  readonly onHeld?: (heldMs: number) => void;
  readonly isClosed?: () => boolean;
}

/** What can end the wait of a receipt that is dated ahead. The signal is looked at only if there is a wait. */
export interface Wait {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Claims a receipt's nonce: the one check that changes anything, so it comes last.
 *
 * A store that forgets at a restart (it has `startedAtMs`) refuses what was signed before it started; so that
 * nothing it accepted can be dated after the next start, a receipt dated ahead waits here until its time.
 *
 * @param charges - Tells what the call is charged to, when its nonce is claimed.
 */
export function claimNonce(
  receipt: ReceiptV1,
  charges: () => readonly Charge[],
  context: ClaimContext,
  wait?: Wait,
): MaybePromise<GatedOutcome> {
  const issuedAtMs = parseTime(receipt.ts);
  if (issuedAtMs === undefined) return { code: "malformed", detail: "ts is no RFC 3339 time in UTC" };
  const aheadMs = context.replay.startedAtMs === undefined ? 0 : issuedAtMs - context.clock();
  const claimNow = (): MaybePromise<GatedOutcome> =>
    context.replay.claim({
      key: receipt.signer.pubkey,
      nonce: receipt.nonce,
      expiresAtMs: issuedAtMs + context.maxAgeMs + context.clockSkewMs + EXPIRY_MARGIN_MS,
      issuedAtMs,
      charges: charges(),
    });
  return aheadMs <= 0 ? claimNow() : holdAndClaim(receipt, claimNow, aheadMs, context, wait);
}

async function holdAndClaim(
  receipt: ReceiptV1,
  claimNow: () => MaybePromise<GatedOutcome>,
  aheadMs: number,
  context: ClaimContext,
  wait: Wait | undefined,
): Promise<GatedOutcome> {
  const { held } = context;
  if (!held.add(receipt))
    return { code: "replayed", detail: "a call with this signer and nonce is held already" };
  try {
    context.onHeld?.(aheadMs);
    const passed = await delay(aheadMs, wait?.signal);
    if (!passed || context.isClosed?.() === true) {
      return { code: "closed", detail: "closed while the call was held" };
    }
    return await claimNow();
  } finally {
    held.delete(receipt);
  }
}
