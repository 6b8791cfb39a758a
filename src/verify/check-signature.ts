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
import type { Rejected } from "./verdict.js";
import type { VerifyLimits } from "./limits.js";

/** Has the check of a signature done by whatever thread, and gives its outcome when it may be acted on. */
export type RunCheck = (work: {
  readonly here: () => boolean;
  readonly elsewhere: () => MaybePromise<boolean>;
}) => Promise<boolean>;

/** Bytes of a text that is still handed to another thread. It is kept until that has answered. */
const MOST_BYTES_ELSEWHERE = 262_144;

/** A receipt in canonical form, and what was found out while that was written. */
export interface CanonicalReceipt {
  readonly ok: true;
  /** A copy of the receipt that nobody else holds. */
  readonly receipt: ReceiptV1;
  /** Canonical text of the whole receipt, as UTF-8. */
  readonly whole: Uint8Array;
  /** Whether the signature is the key's. */
  readonly holds: MaybePromise<boolean>;
  /** Whether what was sent is what was signed: `params_mismatch` or `too_large` if not. */
  readonly altered: Rejected | undefined;
}

/**
 * Copies the receipt, so that whoever holds the message cannot change what is verified and countersigned, and writes
 * it as canonical JSON. What has no such form was never signed by a sound signer. In the same walk its params are
 * compared with what was sent: equal values have equal canonical texts, so that needs none of its own.
 *
 * All that there is to find out of what was sent is found out at once: while the signature is checked elsewhere, the
 * message may change.
 *
 * @param runCheck - Has the check of the signature done. Default: it is done at once.
 */
export function canonicalReceipt(
  receipt: ReceiptV1,
  sent: unknown,
  key: VerifyKey,
  limits: VerifyLimits,
  runCheck: RunCheck | undefined,
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
        altered:
          copy.action.params === null
            ? checkHashOnly(copy, sent, limits)
            : checkParams(copy, sha256Text(params), isSent),
        holds:
          runCheck === undefined
            ? verifySignature(key, signed, signature)
            : runCheck(checkOf(key, signed, signature)),
        whole: copyWhole(),
      }),
    );
  } catch (error) {
    return rejectNotCanonical(error, "malformed", "the receipt");
  }
}

/** The check of a signature, to be done now or later: the text that it is over is written over. */
function checkOf(key: VerifyKey, signed: Uint8Array, signature: Uint8Array): Parameters<RunCheck>[0] {
  const isLarge = signed.length > MOST_BYTES_ELSEWHERE;
  const text = isLarge ? signed : new Uint8Array(signed);
  const here = (): boolean => verifySignature(key, text, signature);
  return { here, elsewhere: isLarge ? here : () => verifyInBackground(key, text, signature) };
}

/** Checks that `params_hash` is the hash of the receipt's params, and that these are what was sent. */
function checkParams(receipt: ReceiptV1, paramsHash: Sha256Text, isSent: boolean): Rejected | undefined {
  if (paramsHash !== receipt.action.params_hash) {
    return reject("params_mismatch", "params_hash is not the hash of the receipt's params");
  }
  return isSent ? undefined : reject("params_mismatch", "the arguments differ from the receipt's params");
}

/** Checks that a receipt without params has the hash of what was sent. */
function checkHashOnly(receipt: ReceiptV1, sent: unknown, limits: VerifyLimits): Rejected | undefined {
  try {
    if (canonicalHash(sent, canonicalLimits(limits)) === receipt.action.params_hash) return undefined;
  } catch (error) {
    return rejectNotCanonical(error, "params_mismatch", "the arguments");
  }
  return reject("params_mismatch", "the arguments do not have the signed hash");
}

function canonicalLimits(limits: VerifyLimits): { readonly maxDepth: number; readonly maxBytes: number } {
  return { maxDepth: limits.depth, maxBytes: limits.argumentBytes };
}

function rejectNotCanonical(error: unknown, code: "malformed" | "params_mismatch", what: string): Rejected {
  if (!(error instanceof CanonicalJsonError)) throw error;
  const oversize = error.code === "too_deep" || error.code === "too_large";
  return reject(oversize ? "too_large" : code, `${what} cannot be canonicalised (${error.code})`);
}
