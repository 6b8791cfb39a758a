import { Point } from "@noble/ed25519";

import { PUBLIC_KEY_BYTES } from "./key-text.js";
import { isSmallOrder } from "./small-order.js";

/**
 * What is wrong with a public key (wire-format 13):
 * `length` it is not 32 bytes; `not_canonical` the point has another encoding, which is the right one;
 * `small_order` signatures under it can be forged; `not_on_curve` it is no point at all;
 * `torsion` it has a part of small order, so that verifiers disagree about its signatures.
 */
export type PublicKeyFault = "length" | "not_canonical" | "small_order" | "not_on_curve" | "torsion";

/**
 * Checks a public key that is taken in from a registry or a delegation chain. Takes 0.7 ms: remember the answer.
 *
 * @returns the fault, `undefined` for a good key.
 */
export function checkPublicKey(bytes: Uint8Array): PublicKeyFault | undefined {
  return checkPublicKeyEncoding(bytes) ?? checkPublicKeyPoint(bytes);
}

/** The part of {@link checkPublicKey} that needs no arithmetic on the curve. Never `not_on_curve`, never `torsion`. */
export function checkPublicKeyEncoding(bytes: Uint8Array): PublicKeyFault | undefined {
  if (bytes.length !== PUBLIC_KEY_BYTES) return "length";
  if (!isCanonicalPoint(bytes)) return "not_canonical";
  return isSmallOrder(bytes) ? "small_order" : undefined;
}

/**
 * The dear part of {@link checkPublicKey}: on the curve and free of torsion.
 *
 * @param bytes - A key that {@link checkPublicKeyEncoding} found nothing wrong with.
 */
export function checkPublicKeyPoint(bytes: Uint8Array): PublicKeyFault | undefined {
  const point = decodePoint(bytes);
  if (point === undefined) return "not_on_curve";
  return point.isTorsionFree() ? undefined : "torsion";
}

function decodePoint(bytes: Uint8Array): Point | undefined {
  try {
    return Point.fromBytes(bytes);
  } catch {
    // noble throws for bytes that are no point, which is the answer here.
    return undefined;
  }
}

/** RFC 8032, 5.1.3: y below p, and no sign where x is zero, which it is for y = 1 and y = -1 only. */
function isCanonicalPoint(bytes: Uint8Array): boolean {
  const last = bytes[31] ?? 0;
  const middle = bytes[1] ?? 0;
  const first = bytes[0] ?? 0;
  if (middle !== 0x00 && middle !== 0xff) return true;
  for (let i = 2; i < 31; i++) if (bytes[i] !== middle) return true;
  if (middle === 0xff && (last & 0x7f) === 0x7f) return first < 0xec || (first === 0xec && last === 0x7f);
  return !(middle === 0x00 && last === 0x80 && first === 1);
}
