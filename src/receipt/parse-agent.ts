import { ownValue } from "../lib/json.js";
import { MAX_PROSE_LENGTH } from "./limits.js";
import { readAction, readSigner } from "./parse-action.js";
import { readDecision } from "./parse-decision.js";
import { readAuthorization } from "./parse-delegation.js";
import { readHash, readNonce, readSignature, readTime } from "./read-forms.js";
import { isPresent, readChoice, readFields, readText, readTexts, readVersion } from "./read.js";
import type { Fields } from "./read.js";
import type { AgentReceipt, PolicyAttestation, ReceiptV1, ReceiptV4 } from "./types.js";
import type { Writable } from "./writable.js";

/** A v1 receipt before it is signed. */
export type IntentV1 = Omit<ReceiptV1, "id" | "sig">;

/** A v4 receipt before it is signed. */
export type IntentV4 = Omit<ReceiptV4, "id" | "sig">;

/** Reads a v1 or v4 receipt; `v` of the value decides which. */
export function readAgentReceipt(value: unknown, path: string, version: 1 | 4): AgentReceipt {
  return version === 1 ? readReceiptV1(value, path) : readReceiptV4(value, path);
}

function readReceiptV1(value: unknown, path: string): ReceiptV1 {
  const fields = readFields(value, path, RECEIPT_V1);
  const { sig, id } = readSignature(fields, path, "id", "rec");
  return Object.assign(readMembersV1(fields, path), { id, sig });
}

function readReceiptV4(value: unknown, path: string): ReceiptV4 {
  const fields = readFields(value, path, RECEIPT_V4);
  const { sig, id } = readSignature(fields, path, "id", "rec");
  return Object.assign(readMembersV4(fields, path), { id, sig });
}

/** Reads what an agent is about to sign by the same rules as what it has signed. */
export function readIntentV1(value: unknown, path: string): IntentV1 {
  return readMembersV1(readFields(value, path, INTENT_V1), path);
}

export function readIntentV4(value: unknown, path: string): IntentV4 {
  return readMembersV4(readFields(value, path, INTENT_V4), path);
}

function readMembersV1(fields: Fields, path: string): IntentV1 {
  const intent: Writable<IntentV1> = {
    v: readVersion(fields, path, 1),
    action: readAction(ownValue(fields, "action"), `${path}.action`),
    signer: readSigner(ownValue(fields, "signer"), `${path}.signer`),
    ts: readTime(fields, path, "ts"),
    nonce: readNonce(fields, path),
  };
  if (isPresent(fields, "exp")) intent.exp = readTime(fields, path, "exp");
  if (isPresent(fields, "policy")) intent.policy = readPolicy(ownValue(fields, "policy"), `${path}.policy`);
  if (isPresent(fields, "authz_decision")) {
    intent.authz_decision = readDecision(ownValue(fields, "authz_decision"), `${path}.authz_decision`);
  }
  return intent;
}

function readMembersV4(fields: Fields, path: string): IntentV4 {
  const intent: Writable<IntentV4> = {
    v: readVersion(fields, path, 4),
    action: readAction(ownValue(fields, "action"), `${path}.action`),
    signer: readSigner(ownValue(fields, "signer"), `${path}.signer`),
    authorization: readAuthorization(ownValue(fields, "authorization"), `${path}.authorization`),
    ts: readTime(fields, path, "ts"),
    nonce: readNonce(fields, path),
  };
  if (isPresent(fields, "authz_decision")) {
    intent.authz_decision = readDecision(ownValue(fields, "authz_decision"), `${path}.authz_decision`);
  }
  return intent;
}

function readPolicy(value: unknown, path: string): PolicyAttestation {
  const fields = readFields(value, path, POLICY);
  return {
    policy_hash: readHash(fields, path, "policy_hash"),
    policy_name: readText(fields, path, "policy_name"),
    matched_rules: readTexts(fields, path, "matched_rules"),
    decision: readChoice(fields, path, "decision", ["allow", "deny", "require_approval"]),
    reason: readText(fields, path, "reason", MAX_PROSE_LENGTH),
  };
}

const INTENT_V1: ReadonlySet<string> = new Set([
  "v",
  "action",
  "signer",
  "ts",
  "nonce",
  "exp",
  "policy",
  "authz_decision",
]);
const RECEIPT_V1: ReadonlySet<string> = new Set([...INTENT_V1, "id", "sig"]);

// No `exp` and no `policy`: the signature of a v4 receipt does not cover them (wire format, section 9).
const INTENT_V4: ReadonlySet<string> = new Set([
  "v",
  "action",
  "signer",
  "authorization",
  "ts",
  "nonce",
  "authz_decision",
]);
const RECEIPT_V4: ReadonlySet<string> = new Set([...INTENT_V4, "id", "sig"]);

const POLICY: ReadonlySet<string> = new Set([
  "policy_hash",
  "policy_name",
  "matched_rules",
  "decision",
  "reason",
]);
