import { ownValue } from "../lib/json.js";
import { readHash, readPrincipal, readPublicKey } from "./read-forms.js";
import { Malformed, isPresent, readFields, readText } from "./read.js";
import type { Action, SignerClaim } from "./types.js";
import type { Writable } from "./writable.js";

/** Reads an action. `params` is passed on by reference and not looked into: whoever canonicalises it checks it. */
export function readAction(value: unknown, path: string): Action {
  const fields = readFields(value, path, ACTION);
  const params = ownValue(fields, "params");
  if (params === undefined) throw new Malformed(`${path}.params`, "is missing");
  const action: Writable<Action> = {
    tool: readText(fields, path, "tool"),
    params,
    params_hash: readHash(fields, path, "params_hash"),
    target: readText(fields, path, "target"),
    transport: readText(fields, path, "transport"),
  };
  if (isPresent(fields, "session")) action.session = readText(fields, path, "session");
  if (isPresent(fields, "call_id")) action.call_id = readText(fields, path, "call_id");
  if (isPresent(fields, "response_hash")) action.response_hash = readHash(fields, path, "response_hash");
  if (isPresent(fields, "trace_id")) action.trace_id = readText(fields, path, "trace_id");
  if (isPresent(fields, "parent_receipt_id")) {
    action.parent_receipt_id = readText(fields, path, "parent_receipt_id");
  }
  return action;
}

export function readSigner(value: unknown, path: string): SignerClaim {
  const fields = readFields(value, path, SIGNER);
  const signer: Writable<SignerClaim> = {
    pubkey: readPublicKey(fields, path, "pubkey"),
    name: readText(fields, path, "name"),
    owner: readText(fields, path, "owner"),
  };
  if (isPresent(fields, "principal")) signer.principal = readPrincipal(fields, path, "principal");
  if (isPresent(fields, "acting_for")) signer.acting_for = readPrincipal(fields, path, "acting_for");
  return signer;
}

const ACTION: ReadonlySet<string> = new Set([
  "tool",
  "params",
  "params_hash",
  "target",
  "transport",
  "session",
  "call_id",
  "response_hash",
  "trace_id",
  "parent_receipt_id",
]);

const SIGNER: ReadonlySet<string> = new Set(["pubkey", "name", "owner", "principal", "acting_for"]);
