import { formatSignature } from "../crypto/key-text.js";
import type { SignatureText } from "../crypto/key-text.js";
import { signWith } from "../crypto/signer.js";
import type { Signer } from "../crypto/signer.js";
import { andThen } from "../lib/maybe-promise.js";
import type { MaybePromise } from "../lib/maybe-promise.js";
import { artifactId } from "./artifact-id.js";
import type { ArtifactId } from "./artifact-id.js";

/** A signature and the identifier that follows from it. */
export interface Signed<Prefix extends string> {
  readonly sig: SignatureText;
  readonly id: ArtifactId<Prefix>;
}

/**
 * Signs a canonical text, given as UTF-8.
 *
 * @param prefix - Of the identifier: `rec`, `del` or `dec`.
 * @param background - As `signWith` has it, and so is what becomes of the text.
 * @throws `SignerError`, or rejects with it, as `signWith` does.
 */
export function signText<Prefix extends string>(
  signer: Signer,
  text: Uint8Array,
  prefix: Prefix,
  background?: boolean,
): MaybePromise<Signed<Prefix>> {
  return andThen(signWith(signer, text, background), (signature) => ({
    sig: formatSignature(signature),
    id: artifactId(prefix, signature),
  }));
}
