import { andThen } from "../lib/maybe-promise.js";
import type { MaybePromise } from "../lib/maybe-promise.js";
import type { ReceiptV1 } from "../receipt/types.js";
import type { Charge } from "../replay/counters/charge.js";
import type { TrustRegistry } from "../trust/registry.js";
import type { TrustEntry } from "../trust/types.js";
import { claimNonce } from "./claim-nonce.js";
import type { Wait } from "./claim-nonce.js";
import type { HeldReceipts } from "./held-receipts.js";
import type { VerifyLimits } from "./limits.js";
import { canonicalReceipt } from "./check-signature.js";
import type { RunCheck } from "./check-signature.js";
import { checkScope, checkSignerClaims, findSigner } from "./check-signer.js";
import { checkTarget, checkTime, checkTool } from "./check-intent.js";
import { checkOther, checkSize, findReceipt, readReceipt } from "./read-receipt.js";
import type { RefusalCode } from "./refusals.js";
import type { StoreGate } from "./store-gate.js";
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
  readonly replay: StoreGate;
  /** What a call of a registry's entry is charged to. */
  readonly chargesOf: (entry: TrustEntry) => readonly Charge[];
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
  /** Puts what happens to calls of known signers on record. Default: nothing is. */
  readonly record?: CallRecord | undefined;
}

/** Where it is put on record what became of calls whose signature held. */
export interface CallRecord {
  /** Puts on record that a call is let through, before it is. @returns why it may not run, if that could not be done. */
  letThrough(verified: Verified): Promise<Rejected | undefined>;
  /** Told of a call that is on record as let through, and does not run after all. */
  notRun(verified: Verified, rejected: Rejected): void;
  /** Told of a call that is refused. */
  refused(evidence: Evidence, code: RefusalCode): void;
}

/** A receipt whose signature holds. */
export interface Evidence {
  /** A copy: the one of the message is in other hands too. */
  readonly receipt: ReceiptV1;
  /** Canonical text of the whole of it, as UTF-8. */
  readonly whole: Uint8Array;
  /** The request's method. */
  readonly method: string;
  /** Whose the signature is. */
  readonly signer: VerifiedSigner;
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
  /** What the call was charged to. */
  readonly charges: readonly Charge[];
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
  const refuse = (rejected: Rejected): Rejected => {
    const named = { ...rejected, signer };
    const { receipt, whole } = canonical;
    context.record?.refused({ receipt, whole, method: request.method, signer }, named.code);
    return named;
  };
  return andThen(canonical.holds, (holds) => {
    if (!holds) return reject("bad_signature", "the signature is not the listed key's over this receipt");
    const unfit = canonical.altered ?? context.admit?.(signer) ?? checkSignable(whole, context);
    if (unfit !== undefined) return refuse(unfit);
    let charges: readonly Charge[] = [];
    // By the registry as it is then: a call that is held may be claimed much later.
    const chargesNow = (): readonly Charge[] => {
      const current = findSigner(canonical.receipt, context.registry(), context, context.clock());
      charges = current.ok ? context.chargesOf(current.entry) : [];
      return charges;
    };
    return andThen(claimNonce(canonical.receipt, chargesNow, context, wait), (claim) => {
      if (claim !== "claimed") return refuse(reject(claim.code, claim.detail));
      const verifiedAtMs = context.clock();
      const lapsed = lapse(canonical.receipt, { registry, now }, context, verifiedAtMs);
      if (lapsed !== undefined) {
        context.replay.refund(charges);
        return refuse(lapsed);
      }
      const { tool, target } = canonical.receipt.action;
      const call = { signer, receipt, method: request.method, tool, target, verifiedAtMs };
      const verified: Verified = { ok: true, call, receipt: canonical.receipt, whole, charges };
      return context.record === undefined
        ? verified
        : letThrough(verified, context.record, { registry, now: verifiedAtMs }, context);
    });
  });
}

/** Puts the call on record before it runs. What was true before has to be true when that is done. */
async function letThrough(
  verified: Verified,
  record: CallRecord,
  before: { readonly registry: TrustRegistry; readonly now: number },
  context: VerifyContext,
): Promise<Verified | Rejected> {
  const { signer } = verified.call;
  const fault = await record.letThrough(verified);
  if (fault !== undefined) {
    context.replay.refund(verified.charges);
    return { ...fault, signer };
  }
  const lapsed = lapse(verified.receipt, before, context, context.clock());
  if (lapsed === undefined) return verified;
  context.replay.refund(verified.charges);
  const rejected = { ...lapsed, signer };
  record.notRun(verified, rejected);
  return rejected;
}

/** Says why a call that passed may not run any more, if something changed meanwhile. */
function lapse(
  receipt: ReceiptV1,
  before: { readonly registry: TrustRegistry; readonly now: number },
  context: VerifyContext,
  now: number,
): Rejected | undefined {
  if (context.isClosed?.() === true) return reject("closed", "closed while the call was verified");
  return recheck(receipt, before, context, now);
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
