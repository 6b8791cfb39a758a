import { ownValue } from "../lib/json.js";
import { MAX_PROSE_LENGTH, MAX_TERMS } from "./limits.js";
import { readObligation } from "./obligation.js";
import { readConstraints } from "./parse-delegation.js";
import {
  readHash,
  readId,
  readNonce,
  readPrincipal,
  readPublicKey,
  readSignature,
  readTime,
} from "./read-forms.js";
import { isPresent, readChoice, readFields, readList, readText, readTexts, readVersion } from "./read.js";
import type { Fields } from "./read.js";
import type { AuthorizationDecision, DecisionBasis } from "./types.js";
import type { Writable } from "./writable.js";

/** A decision before it is signed. */
export type UnsignedDecision = Omit<AuthorizationDecision, "decision_id" | "sig">;

export function readDecision(value: unknown, path: string): AuthorizationDecision {
  const fields = readFields(value, path, DECISION);
  const { sig, id } = readSignature(fields, path, "decision_id", "dec");
  return { ...readMembers(fields, path), decision_id: id, sig };
}

/** Reads what an authority is about to sign by the same rules as what it has signed. */
export function readUnsignedDecision(value: unknown, path: string): UnsignedDecision {
  return readMembers(readFields(value, path, UNSIGNED), path);
}

function readMembers(fields: Fields, path: string): UnsignedDecision {
  const decision: Writable<UnsignedDecision> = {
    v: readVersion(fields, path, 1),
    authority: readPrincipal(fields, path, "authority"),
    authority_pubkey: readPublicKey(fields, path, "authority_pubkey"),
    subject: readPrincipal(fields, path, "subject"),
    intent_hash: readHash(fields, path, "intent_hash"),
    decision: readChoice(fields, path, "decision", ["allow", "deny", "require_approval"]),
    basis: readBasis(ownValue(fields, "basis"), `${path}.basis`),
    constraints: readConstraints(fields, path),
    obligations: readList(fields, path, "obligations", MAX_TERMS, readObligation),
    issued_at: readTime(fields, path, "issued_at"),
    nonce: readNonce(fields, path),
  };
  if (isPresent(fields, "expires_at")) decision.expires_at = readTime(fields, path, "expires_at");
  if (isPresent(fields, "credential_ref")) decision.credential_ref = readText(fields, path, "credential_ref");
  return decision;
}

function readBasis(value: unknown, path: string): DecisionBasis {
  const type = readChoice(readFields(value, path, BASIS), path, "type", BASIS_TYPES);
  const fields = readFields(value, path, BASIS_MEMBERS[type]);
  switch (type) {
    case "policy":
      return {
        type,
        policy_hash: readHash(fields, path, "policy_hash"),
        policy_name: readText(fields, path, "policy_name"),
        matched_rules: readTexts(fields, path, "matched_rules"),
        reason: readText(fields, path, "reason", MAX_PROSE_LENGTH),
      };
    case "approval": {
      const approver = readText(fields, path, "approver");
      if (!isPresent(fields, "context")) return { type, approver };
      return { type, approver, context: readText(fields, path, "context", MAX_PROSE_LENGTH) };
    }
    case "delegation":
      return {
        type,
        token_id: readId(fields, path, "token_id", "del"),
        chain_hash: readHash(fields, path, "chain_hash"),
      };
    case "risk":
      return {
        type,
        engine: readText(fields, path, "engine"),
        score: readText(fields, path, "score"),
        reason: readText(fields, path, "reason", MAX_PROSE_LENGTH),
      };
    default:
      return { type, system: readText(fields, path, "system"), ref: readText(fields, path, "ref") };
  }
}

const UNSIGNED: ReadonlySet<string> = new Set([
  "v",
  "authority",
  "authority_pubkey",
  "subject",
  "intent_hash",
  "decision",
  "basis",
  "constraints",
  "obligations",
  "issued_at",
  "expires_at",
  "nonce",
  "credential_ref",
]);
const DECISION: ReadonlySet<string> = new Set([...UNSIGNED, "decision_id", "sig"]);

const BASIS_TYPES = ["policy", "approval", "delegation", "risk", "external"] as const;
const BASIS_MEMBERS: Readonly<Record<(typeof BASIS_TYPES)[number], ReadonlySet<string>>> = {
  policy: new Set(["type", "policy_hash", "policy_name", "matched_rules", "reason"]),
  approval: new Set(["type", "approver", "context"]),
  delegation: new Set(["type", "token_id", "chain_hash"]),
  risk: new Set(["type", "engine", "score", "reason"]),
  external: new Set(["type", "system", "ref"]),
};
const BASIS: ReadonlySet<string> = new Set(BASIS_TYPES.flatMap((type) => [...BASIS_MEMBERS[type]]));
