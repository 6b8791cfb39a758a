import { isSha256Text } from "../crypto/digest.js";
import type { Sha256Text } from "../crypto/digest.js";
import { bytesOf, isPublicKeyText, isSignatureText } from "../crypto/key-text.js";
import type { PublicKeyText, SignatureText } from "../crypto/key-text.js";
import { ownValue } from "../lib/json.js";
import { parseTime } from "../lib/time.js";
import { artifactId } from "./artifact-id.js";
import type { ArtifactId } from "./artifact-id.js";
import { MAX_NONCE_LENGTH, MAX_TIME_LENGTH } from "./limits.js";
import { isPrincipal } from "./principal.js";
import { Malformed, readText } from "./read.js";
import type { Fields } from "./read.js";

/** Readers of the text forms that the format fixes (wire format, sections 1 and 9a). Reading is strict. */

export function readHash(fields: Fields, path: string, name: string): Sha256Text {
  const value = ownValue(fields, name);
  if (!isSha256Text(value)) {
    throw new Malformed(`${path}.${name}`, "is not sha256: and 64 lower-case hex digits");
  }
  return value;
}

export function readPublicKey(fields: Fields, path: string, name: string): PublicKeyText {
  const value = ownValue(fields, name);
  if (!isPublicKeyText(value)) {
    throw new Malformed(`${path}.${name}`, "is not ed25519: and padded base64 of 32 bytes");
  }
  return value;
}

export function readSignatureText(fields: Fields, path: string): SignatureText {
  const value = ownValue(fields, "sig");
  if (!isSignatureText(value)) {
    throw new Malformed(`${path}.sig`, "is not ed25519: and padded base64 of 64 bytes");
  }
  return value;
}

/** Reads a signature together with the identifier that is derived from it, which no signature covers. */
export function readSignature<Prefix extends string>(
  fields: Fields,
  path: string,
  idName: string,
  prefix: Prefix,
): { readonly sig: SignatureText; readonly id: ArtifactId<Prefix> } {
  const sig = readSignatureText(fields, path);
  const id = artifactId(prefix, bytesOf(sig));
  if (ownValue(fields, idName) !== id) {
    throw new Malformed(`${path}.${idName}`, "is not the one that follows from sig");
  }
  return { sig, id };
}

/** Reads the identifier of another artifact, of which only the form can be checked. */
export function readId<Prefix extends string>(
  fields: Fields,
  path: string,
  name: string,
  prefix: Prefix,
): ArtifactId<Prefix> {
  const value = ownValue(fields, name);
  const digits =
    typeof value === "string" && value.startsWith(`${prefix}_`) ? value.slice(prefix.length + 1) : "";
  if (!HEX.test(digits)) {
    throw new Malformed(`${path}.${name}`, `is not ${prefix}_ and 32 lower-case hex digits`);
  }
  return `${prefix}_${digits}`;
}

/** Reads a time of RFC 3339 in UTC. The text is kept: it is what was signed. */
export function readTime(fields: Fields, path: string, name: string): string {
  const value = ownValue(fields, name);
  if (typeof value !== "string" || value.length > MAX_TIME_LENGTH || parseTime(value) === undefined) {
    throw new Malformed(`${path}.${name}`, "is not a time of RFC 3339 in UTC");
  }
  return value;
}

export function readNonce(fields: Fields, path: string): string {
  const value = ownValue(fields, "nonce");
  if (typeof value !== "string" || value.length > MAX_NONCE_LENGTH || !PRINTABLE_ASCII.test(value)) {
    throw new Malformed(`${path}.nonce`, `is not 1 to ${MAX_NONCE_LENGTH} characters of printable ASCII`);
  }
  return value;
}

export function readPrincipal(fields: Fields, path: string, name: string): string {
  const text = readText(fields, path, name);
  if (!isPrincipal(text)) throw new Malformed(`${path}.${name}`, "is not a principal");
  return text;
}

const HEX = /^[0-9a-f]{32}$/;
const PRINTABLE_ASCII = /^[\x20-\x7e]+$/;
