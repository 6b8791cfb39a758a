import { ownValue } from "../lib/json.js";
import { MAX_PROSE_LENGTH } from "./limits.js";
import { readAction, readSigner } from "./parse-action.js";
import { readAgentReceipt } from "./parse-agent.js";
import { readHash, readNonce, readPublicKey, readSignature, readTime } from "./read-forms.js";
import {
  Malformed,
  isPresent,
  readChoice,
  readFields,
  readFreeJson,
  readText,
  readVersion,
  readVersionOf,
} from "./read.js";
import type { Fields } from "./read.js";
import type { Outcome, ReceiptV2, ReceiptV3, ResponseClaim, ServerClaim } from "./types.js";
import type { Writable } from "./writable.js";

/** A v2 receipt before it is signed. */
export type UnsignedV2 = Omit<ReceiptV2, "id" | "sig">;

/** What a server adds to an agent's receipt, before it is signed. */
export type Countersignature = AnswerClaim & Pick<ReceiptV3, "server">;

/** What a server says of one answer. */
export type AnswerClaim = Pick<ReceiptV3, "response" | "ts_response" | "nonce">;

export function readReceiptV2(value: unknown, path: string): ReceiptV2 {
  const fields = readFields(value, path, RECEIPT_V2);
  const { sig, id } = readSignature(fields, path, "id", "rec");
  return { ...readMembersV2(fields, path), id, sig };
}

/** Reads what an agent is about to sign by the same rules as what it has signed. */
export function readUnsignedV2(value: unknown, path: string): UnsignedV2 {
  return readMembersV2(readFields(value, path, UNSIGNED_V2), path);
}

function readMembersV2(fields: Fields, path: string): UnsignedV2 {
  return {
    v: readVersion(fields, path, 2),
    action: readAction(ownValue(fields, "action"), `${path}.action`),
    response: readResponse(ownValue(fields, "response"), `${path}.response`),
    signer: readSigner(ownValue(fields, "signer"), `${path}.signer`),
    ts_request: readTime(fields, path, "ts_request"),
    ts_response: readTime(fields, path, "ts_response"),
    nonce: readNonce(fields, path),
  };
}

export function readReceiptV3(value: unknown, path: string): ReceiptV3 {
  const fields = readFields(value, path, RECEIPT_V3);
  const { sig, id } = readSignature(fields, path, "id", "rec");
  const version = readVersionOf(ownValue(fields, "agent_receipt"), `${path}.agent_receipt`);
  if (version !== 1 && version !== 4) throw new Malformed(`${path}.agent_receipt.v`, "is neither 1 nor 4");
  const receipt: Writable<ReceiptV3> = {
    v: readVersion(fields, path, 3),
    id,
    agent_receipt: readAgentReceipt(ownValue(fields, "agent_receipt"), `${path}.agent_receipt`, version),
    server: readServer(ownValue(fields, "server"), `${path}.server`),
    ...readAnswerMembers(fields, path),
    sig,
  };
  if (isPresent(fields, "extensions")) receipt.extensions = readFreeJson(fields, path, "extensions");
  return receipt;
}

/** Reads what a server is about to sign of an answer by the same rules as what it has signed. */
export function readAnswerClaim(value: unknown, path: string): AnswerClaim {
  return readAnswerMembers(readFields(value, path, ANSWER), path);
}

/** Reads who is about to sign by the same rules as who has signed. */
export function readServer(value: unknown, path: string): ServerClaim {
  const fields = readFields(value, path, SERVER);
  return { pubkey: readPublicKey(fields, path, "pubkey"), name: readText(fields, path, "name") };
}

function readAnswerMembers(fields: Fields, path: string): AnswerClaim {
  return {
    response: readResponse(ownValue(fields, "response"), `${path}.response`),
    ts_response: readTime(fields, path, "ts_response"),
    nonce: readNonce(fields, path),
  };
}

function readResponse(value: unknown, path: string): ResponseClaim {
  const fields = readFields(value, path, RESPONSE);
  const content_hash = readHash(fields, path, "content_hash");
  if (!isPresent(fields, "outcome")) return { content_hash };
  return { content_hash, outcome: readOutcome(ownValue(fields, "outcome"), `${path}.outcome`) };
}

/** Reads what is said of a call. */
export function readOutcome(value: unknown, path: string): Outcome {
  const fields = readFields(value, path, OUTCOME);
  const outcome: Writable<Outcome> = { status: readChoice(fields, path, "status", STATUSES) };
  if (isPresent(fields, "reason")) outcome.reason = readText(fields, path, "reason", MAX_PROSE_LENGTH);
  if (isPresent(fields, "error")) outcome.error = readText(fields, path, "error", MAX_PROSE_LENGTH);
  return outcome;
}

const STATUSES = ["executed", "failed", "rejected", "requires_approval", "verified"] as const;

const UNSIGNED_V2: ReadonlySet<string> = new Set([
  "v",
  "action",
  "response",
  "signer",
  "ts_request",
  "ts_response",
  "nonce",
]);
const RECEIPT_V2: ReadonlySet<string> = new Set([...UNSIGNED_V2, "id", "sig"]);
const ANSWER: ReadonlySet<string> = new Set(["response", "ts_response", "nonce"]);
const RECEIPT_V3: ReadonlySet<string> = new Set([
  ...ANSWER,
  "server",
  "v",
  "id",
  "agent_receipt",
  "sig",
  "extensions",
]);
const SERVER: ReadonlySet<string> = new Set(["pubkey", "name"]);
const RESPONSE: ReadonlySet<string> = new Set(["content_hash", "outcome"]);
const OUTCOME: ReadonlySet<string> = new Set(["status", "reason", "error"]);
