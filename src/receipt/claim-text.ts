import { canonicalString } from "../crypto/canonical-json.js";
import type { Action, ResponseClaim, ServerClaim, SignerClaim } from "./types.js";

/**
 * Canonical texts of the parts that receipts are made of, with the members in canonical order.
 *
 * Hashes, keys, times and identifiers are spliced in as they are: their exact form was checked when they were read,
 * and none of it has a character that JSON escapes.
 */

/** @param paramsText - Canonical JSON of `action.params`. */
export function actionText(action: Action, paramsText: string): string {
  return (
    `{${member("call_id", action.call_id)}"params":${paramsText},"params_hash":"${action.params_hash}",` +
    `${member("parent_receipt_id", action.parent_receipt_id)}${member("response_hash", action.response_hash)}` +
    `${member("session", action.session)}"target":${canonicalString(action.target)},` +
    `"tool":${canonicalString(action.tool)},${member("trace_id", action.trace_id)}` +
    `"transport":${canonicalString(action.transport)}}`
  );
}

export function signerText(signer: SignerClaim): string {
  return (
    `{${member("acting_for", signer.acting_for)}"name":${canonicalString(signer.name)},` +
    `"owner":${canonicalString(signer.owner)},${member("principal", signer.principal)}"pubkey":"${signer.pubkey}"}`
  );
}

export function serverText(server: ServerClaim): string {
  return `{"name":${canonicalString(server.name)},"pubkey":"${server.pubkey}"}`;
}

export function responseText({ content_hash, outcome }: ResponseClaim): string {
  if (outcome === undefined) return `{"content_hash":"${content_hash}"}`;
  return (
    `{"content_hash":"${content_hash}","outcome":{${member("error", outcome.error)}` +
    `${member("reason", outcome.reason)}"status":"${outcome.status}"}}`
  );
}

/** An optional member, followed by the comma that parts it from the next. */
function member(name: string, value: string | undefined): string {
  return value === undefined ? "" : `"${name}":${canonicalString(value)},`;
}
