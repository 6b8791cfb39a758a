import { andThen } from "../lib/maybe-promise.js";
import type { MaybePromise } from "../lib/maybe-promise.js";
import type { ReceiptV1 } from "../receipt/types.js";
import type { ReplayStore } from "../replay/types.js";
import type { TrustRegistry } from "../trust/registry.js";
import { claimNonce } from "./claim-nonce.js";
import type { Wait } from "./claim-nonce.js";
import type { HeldReceipts } from "./held-receipts.js";
import type { VerifyLimits } from "./limits.js";
import { canonicalReceipt } from "./check-signature.js";
import type { RunCheck } from "./check-signature.js";
import { checkScope, checkSignerClaims, findSigner } from "./check-signer.js";
import { checkTarget, checkTime, checkTool } from "./check-intent.js";
import { checkOther, checkSize, findReceipt, readReceipt } from "./read-receipt.js";
import { reject } from "./verdict.js";
import type { Rejected, VerifiedCall, VerifiedSigner } from "./verdict.js";

/** A request as it came in, taken apart. */
export interface CallRequest {
  readonly method: string;
  /** What a receipt for this request has to name; `undefined` when there is no such name. */
  readonly tool: string | undefined;
  /** Where what was sent is, to be measured, and a member of it that does not count. */
  readonly sent: { readonly value: unknown; readonly without: string | undefined };
  /** Takes out what was sent where the receipt has its `params`. */
  readonly params: () => unknown;
  /** The request's `params._meta`. */
  readonly meta: unknown;
}

/** What the checks look at, apart from the call. */
export interface VerifyContext {
  /** The registry as it is now: another object after a reload. */
  readonly registry: () => TrustRegistry;
  /** Says why the registry may no longer be used, if it may not. */
  readonly registryFault?: () => string | undefined;
  readonly targets: ReadonlySet<string>;
  readonly replay: ReplayStore;
  readonly maxAgeMs: number;
  readonly clockSkewMs: number;
  readonly limits: VerifyLimits;
  /** Whether an entry without `tools` may call nothing. */
  readonly requireTools: boolean;
  /** Milliseconds since the Unix epoch. */
  readonly clock: () => number;
  /** Whether nothing may run any more, whatever was begun before. */
  readonly isClosed?: () => boolean;
  /** Has the last word before the nonce is claimed, knowing who signed. */
  readonly admit?: (signer: VerifiedSigner) => Rejected | undefined;
  /** Says why the call could not be countersigned, if it could not. */
  readonly countersignFault?: (agentReceiptText: Uint8Array) => string | undefined;
  /** The receipts that are dated ahead and held until their time. */
  readonly held: HeldReceipts;
  /** Told when a receipt that is dated ahead is held until its time. */
  readonly onHeld?: (heldMs: number) => void;
}

/** How a call is verified. */
export interface VerifyManner {
  readonly wait?: Wait | undefined;
  /** Has the check of the signature done, by whatever thread. Default: it is done at once. */
  readonly runCheck?: RunCheck | undefined;
}

/** A call that passed, with what its countersignature is made over. */
export interface Verified {
  readonly ok: true;
  readonly call: VerifiedCall;
  /** The receipt as it was verified: a copy, while the one of `call` is in the hands of the code that is called. */
  readonly receipt: ReceiptV1;
  /** Canonical text of the whole of it, as UTF-8. */
  readonly whole: Uint8Array;
}

/**
 * Checks a call, cheap checks before dear ones, the claim of the nonce last. The order is part of the contract:
 * nothing that a stranger sends gets as far as cryptography or the store.
 *
 * Never throws on anything that a peer sent, and stays synchronous where the replay store does and nothing is done in the
 * background.
 */
export function verifyCall(
  request: CallRequest,
  context: VerifyContext,
  { wait, runCheck }: VerifyManner = {},
): MaybePromise<Verified | Rejected> {
  const found = findReceipt(request.meta);
  if (!found.ok) return found;
  const oversize = checkSize(found.receipt, request.sent, context.limits);
  if (oversize !== undefined) return oversize;
  const read = readReceipt(found.receipt);
  if (!read.ok) return read;
  const { receipt } = read;

  const registry = context.registry();
  const now = context.clock();
  const signed = findSigner(receipt, registry, context, now);
  if (!signed.ok) return signed;
  const misfit =
    checkSignerClaims(receipt, signed.entry) ??
    checkTime(receipt, now, context) ??
    checkTarget(receipt, context.targets) ??
    checkTool(receipt, request.tool) ??
    checkScope(receipt, signed.entry, registry, context) ??
    checkOther(found, context.limits);
  if (misfit !== undefined) return misfit;

  const { key, signer } = signed;
  const canonical = canonicalReceipt(receipt, request.params(), key, context.limits, runCheck);
  if (!canonical.ok) return canonical;
  const { whole } = canonical;
  return andThen(canonical.holds, (holds) => {
    if (!holds) return reject("bad_signature", "the signature is not the listed key's over this receipt");
    const unfit = canonical.altered ?? context.admit?.(signer) ?? checkSignable(whole, context);
    if (unfit !== undefined) return { ...unfit, signer };
    return andThen(claimNonce(canonical.receipt, context, wait), (claim) => {
      if (claim !== "claimed") return reject(claim.code, claim.detail, signer);
      if (context.isClosed?.() === true)
        return reject("closed", "closed while the call was verified", signer);
      const verifiedAtMs = context.clock();
      const lapsed = recheck(canonical.receipt, { registry, now }, context, verifiedAtMs);
      if (lapsed !== undefined) return { ...lapsed, signer };
      const { tool, target } = canonical.receipt.action;
      const call = { signer, receipt, method: request.method, tool, target, verifiedAtMs };
      return { ok: true, call, receipt: canonical.receipt, whole };
    });
  });
}

function checkSignable(whole: Uint8Array, { countersignFault }: VerifyContext): Rejected | undefined {
  const fault = countersignFault?.(whole);
  return fault === undefined ? undefined : reject("too_large", fault);
}

/**
 * What was true when the call came in has to be true when the tool runs: while the call waited for the store, or was
 * held until its time, the registry may have been replaced, and the key or the receipt may have expired.
 */
function recheck(
  receipt: ReceiptV1,
  before: { readonly registry: TrustRegistry; readonly now: number },
  context: VerifyContext,
  now: number,
): Rejected | undefined {
  const registry = context.registry();
  if (registry === before.registry && now === before.now) return undefined;
  const signed = findSigner(receipt, registry, context, now);
  if (!signed.ok) return signed;
  return (
    checkSignerClaims(receipt, signed.entry) ??
    checkTime(receipt, now, context) ??
    checkScope(receipt, signed.entry, registry, context)
  );
}
