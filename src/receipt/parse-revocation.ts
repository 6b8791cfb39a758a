import { MAX_PROSE_LENGTH } from "./limits.js";
import { readId, readNonce, readPrincipal, readSignatureText, readTime } from "./read-forms.js";
import { readChoice, readFields, readText, readVersion } from "./read.js";
import type { Fields } from "./read.js";
import type { RevocationRecord } from "./types.js";

/** A revocation before it is signed. */
export type UnsignedRevocation = Omit<RevocationRecord, "sig">;

export function readRevocation(value: unknown, path: string): RevocationRecord {
  const fields = readFields(value, path, REVOCATION);
  return { ...readMembers(fields, path), sig: readSignatureText(fields, path) };
}

/** Reads what an issuer is about to sign by the same rules as what it has signed. */
export function readUnsignedRevocation(value: unknown, path: string): UnsignedRevocation {
  return readMembers(readFields(value, path, UNSIGNED), path);
}

function readMembers(fields: Fields, path: string): UnsignedRevocation {
  const artifact_type = readChoice(fields, path, "artifact_type", [
    "delegation_token",
    "authorization_decision",
  ]);
  return {
    v: readVersion(fields, path, 1),
    artifact_type,
    artifact_id: readId(fields, path, "artifact_id", artifact_type === "delegation_token" ? "del" : "dec"),
    revoked_by: readPrincipal(fields, path, "revoked_by"),
    revoked_at: readTime(fields, path, "revoked_at"),
    reason: readText(fields, path, "reason", MAX_PROSE_LENGTH),
    nonce: readNonce(fields, path),
  };
}

const UNSIGNED: ReadonlySet<string> = new Set([
  "v",
  "artifact_type",
  "artifact_id",
  "revoked_by",
  "revoked_at",
  "reason",
  "nonce",
]);
const REVOCATION: ReadonlySet<string> = new Set([...UNSIGNED, "sig"]);
