import type { PublicKeyFault } from "../crypto/key-check.js";

const TEXTS: { readonly [fault in PublicKeyFault]: string } = {
  length: "is not 32 bytes long",
  not_canonical: "is not the canonical encoding of a key",
  small_order: "is a key of small order, under which anybody can forge signatures",
  not_on_curve: "is not a point of the curve",
  torsion: "is a key with a part of small order, about which verifiers disagree",
};

/** Says in words what is wrong with a public key. */
export function keyFaultText(fault: PublicKeyFault): string {
  return TEXTS[fault];
}
