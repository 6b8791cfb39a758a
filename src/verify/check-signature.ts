import { canonicalHash } from "../crypto/canonical-json.js";
import { copyJson } from "../crypto/copy-json.js";
import { sha256Text } from "../crypto/digest.js";
import type { Sha256Text } from "../crypto/digest.js";
import { verifyInBackground, verifySignature } from "../crypto/ed25519.js";
import type { VerifyKey } from "../crypto/ed25519.js";
import { bytesOf } from "../crypto/key-text.js";
import { CanonicalJsonError } from "../errors.js";
import type { MaybePromise } from "../lib/maybe-promise.js";
import { useAgentReceiptText } from "../receipt/agent-text.js";
import type { ReceiptV1 } from "../receipt/types.js";
import { RECEIPT_LEVELS } from "./limits.js";
import { reject } from "./verdict.js";
import type { Rejected, VerifiedSigner } from "./verdict.js";
import type { VerifyLimits } from "./limits.js";

/** Takes a check that another thread makes, and gives its outcome when it may be acted on. */
export type InBackground = (check: MaybePromise<boolean>) => Promise<boolean>;

/** A receipt in canonical form, and what was found out while that was written. */
export interface CanonicalReceipt {
  readonly ok: true;
  /** A copy of the receipt that nobody else holds. */
  readonly receipt: ReceiptV1;
  /** Canonical text of the whole receipt, as UTF-8. */
  readonly whole: Uint8Array;
  /** Whether the signature is the key's. */
  readonly holds: MaybePromise<boolean>;
  /** The hash of the receipt's params, and whether these are what was sent. Say nothing of a hash-only receipt. */
  readonly paramsHash: Sha256Text;
  readonly isSent: boolean;
}

/**
 * Copies the receipt, so that whoever holds the message cannot change what is verified and countersigned, and writes
 * it as canonical JSON. What has no such form was never signed by a sound signer. In the same walk its params are
 * compared with what was sent: equal values have equal canonical texts, so that needs none of its own.
 *
 * @param inBackground - Takes the check of the signature, if another thread is to make it.
 */
export function canonicalReceipt(
  receipt: ReceiptV1,
  sent: unknown,
  key: VerifyKey,
  limits: VerifyLimits,
  inBackground: InBackground | undefined,
): CanonicalReceipt | Rejected {
  try {
    const copy = copyJson(receipt, limits.depth + RECEIPT_LEVELS);
    const signature = bytesOf(copy.sig);
    let isSent = false;
    return useAgentReceiptText(
      copy,
      (writer) => {
        isSent = writer.sameValue(copy.action.params, sent, canonicalLimits(limits));
      },
      ({ signed, params, copyWhole }) => ({
        ok: true,
        receipt: copy,
        holds:
          inBackground === undefined
            ? verifySignature(key, signed, signature)
            : inBackground(verifyInBackground(key, signed, signature)),
        paramsHash: sha256Text(params),
        isSent,
        whole: copyWhole(),
      }),
    );
  } catch (error) {
    return rejectNotCanonical(error, "malformed", "the receipt");
  }
}

/**
 * Checks that what was sent is what was signed: `params_hash` is the hash of the receipt's params, and these are what
 * was sent. A hash-only receipt has the hash of what was sent.
 */
export function checkParams(
  { receipt, paramsHash, isSent }: CanonicalReceipt,
  sent: unknown,
  limits: VerifyLimits,
  signer: VerifiedSigner,
): Rejected | undefined {
  const { params, params_hash: signedHash } = receipt.action;
  if (params === null) {
    try {
      if (canonicalHash(sent, canonicalLimits(limits)) === signedHash) return undefined;
    } catch (error) {
      return { ...rejectNotCanonical(error, "params_mismatch", "the arguments"), signer };
    }
    return reject("params_mismatch", "the arguments do not have the signed hash", signer);
  }
  if (paramsHash !== signedHash) {
    return reject("params_mismatch", "params_hash is not the hash of the receipt's params", signer);
  }
  if (isSent) return undefined;
  return reject("params_mismatch", "the arguments differ from the receipt's params", signer);
}

function canonicalLimits(limits: VerifyLimits): { readonly maxDepth: number; readonly maxBytes: number } {
  return { maxDepth: limits.depth, maxBytes: limits.argumentBytes };
}

function rejectNotCanonical(error: unknown, code: "malformed" | "params_mismatch", what: string): Rejected {
  if (!(error instanceof CanonicalJsonError)) throw error;
  const oversize = error.code === "too_deep" || error.code === "too_large";
  return reject(oversize ? "too_large" : code, `${what} cannot be canonicalised (${error.code})`);
}
