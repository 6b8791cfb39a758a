import { sha256Hex } from "../crypto/digest.js";

export type ArtifactId<Prefix extends string> = `${Prefix}_${string}`;

/**
 * Derives the identifier of a receipt (`rec`), token (`del`) or decision (`dec`) from its signature: the prefix and
 * the first 16 bytes of SHA-256 of the signature, in hex (wire format, section 1).
 *
 * @param signature - 64-byte signature.
 */
export function artifactId<Prefix extends string>(prefix: Prefix, signature: Uint8Array): ArtifactId<Prefix> {
  return `${prefix}_${sha256Hex(signature).slice(0, 32)}`;
}
