import { ReplayStoreError } from "../errors.js";
import { delay } from "../lib/delay.js";
import type { MaybePromise } from "../lib/maybe-promise.js";
import { quotedError } from "../lib/text.js";
import { parseTime } from "../lib/time.js";
import type { ReceiptV1 } from "../receipt/types.js";
import type { ReplayStore } from "../replay/types.js";
import type { HeldReceipts } from "./held-receipts.js";
import type { RefusalCode } from "./refusals.js";

/** How long a store may take. A claim that takes longer counts as burnt: the store may still carry it out. */
const CLAIM_DEADLINE_MS = 250;

/** How much longer than the receipt could pass the time window its nonce is kept. */
const EXPIRY_MARGIN_MS = 1000;

interface ClaimContext {
  readonly replay: ReplayStore;
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

interface ClaimRefused {
  readonly code: RefusalCode;
  readonly detail: string;
}

/**
 * Claims a receipt's nonce: the one check that changes anything, so it comes last.
 *
 * A store that forgets at a restart (it has `startedAtMs`) refuses what was signed before it started; so that
 * nothing it accepted can be dated after the next start, a receipt dated ahead waits here until its time.
 */
export function claimNonce(
  receipt: ReceiptV1,
  context: ClaimContext,
  wait?: Wait,
): MaybePromise<"claimed" | ClaimRefused> {
  const issuedAtMs = parseTime(receipt.ts);
  if (issuedAtMs === undefined) return { code: "malformed", detail: "ts is no RFC 3339 time in UTC" };
  const aheadMs = context.replay.startedAtMs === undefined ? 0 : issuedAtMs - context.clock();
  if (aheadMs <= 0) return claimNow(receipt, issuedAtMs, context);
  return holdAndClaim(receipt, issuedAtMs, aheadMs, context, wait);
}

async function holdAndClaim(
  receipt: ReceiptV1,
  issuedAtMs: number,
  aheadMs: number,
  context: ClaimContext,
  wait: Wait | undefined,
): Promise<"claimed" | ClaimRefused> {
  const { held } = context;
  if (!held.add(receipt))
    return { code: "replayed", detail: "a call with this signer and nonce is held already" };
  try {
    context.onHeld?.(aheadMs);
    const passed = await delay(aheadMs, wait?.signal);
    if (!passed || context.isClosed?.() === true) {
      return { code: "closed", detail: "closed while the call was held" };
    }
    return await claimNow(receipt, issuedAtMs, context);
  } finally {
    held.delete(receipt);
  }
}

function claimNow(
  receipt: ReceiptV1,
  issuedAtMs: number,
  context: ClaimContext,
): MaybePromise<"claimed" | ClaimRefused> {
  const expiresAtMs = issuedAtMs + context.maxAgeMs + context.clockSkewMs + EXPIRY_MARGIN_MS;
  try {
    const outcome = context.replay.claim(receipt.signer.pubkey, receipt.nonce, expiresAtMs, issuedAtMs);
    return typeof outcome === "string" ? readOutcome(outcome) : settleInTime(Promise.resolve(outcome));
  } catch (error) {
    return refuseUnknown(error);
  }
}

function settleInTime(claim: Promise<unknown>): Promise<"claimed" | ClaimRefused> {
  return new Promise((resolve) => {
    const giveUp = (): void => {
      resolve({
        code: "replay_unavailable",
        detail: `the replay store took longer than ${CLAIM_DEADLINE_MS} ms`,
      });
    };
    // If it was this process that was held up, the store's answer may be waiting to be read: read it first.
    const timer = setTimeout(() => setImmediate(giveUp), CLAIM_DEADLINE_MS);
    const settle = (outcome: "claimed" | ClaimRefused): void => {
      clearTimeout(timer);
      resolve(outcome);
    };
    claim.then(
      (outcome) => {
        settle(readOutcome(outcome));
      },
      (error: unknown) => {
        settle(refuseUnknown(error));
      },
    );
  });
}

/** Takes nothing but the word itself as a claim: a store that answers anything else does not know. */
function readOutcome(outcome: unknown): "claimed" | ClaimRefused {
  if (outcome === "claimed") return "claimed";
  if (outcome === "replayed") return { code: "replayed", detail: "this signer's nonce was claimed before" };
  return { code: "replay_unavailable", detail: "the replay store gave no valid answer" };
}

/** What a store may say of a claim. All other faults of its are the operator's, and the peer learns no more than that there is one. */
const STORE_CODES = ["replay_full", "issued_before_start", "replay_unavailable"] as const;

/** A store may be of any making, and what it throws may be anything: even to look at it may throw again. */
function refuseUnknown(error: unknown): ClaimRefused {
  try {
    if (error instanceof ReplayStoreError) {
      const { message } = error;
      const code = STORE_CODES.find((known) => known === error.code) ?? "replay_unavailable";
      return { code, detail: message };
    }
  } catch {
    // Then it is no error of a store's.
  }
  return { code: "replay_unavailable", detail: `the replay store failed: ${quotedError(error)}` };
}
