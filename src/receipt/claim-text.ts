import type { CanonicalWriter } from "../crypto/canonical-writer.js";
import type { Action, ResponseClaim, ServerClaim, SignerClaim } from "./types.js";

/**
 * Canonical texts of the parts that receipts are made of, with the members in canonical order.
 *
 * Hashes, keys, times and identifiers are written as they are: their exact form was checked when they were read, and
 * none of it has a character that JSON escapes.
 */

/** Writes the canonical text of a receipt's params. */
export type WriteParams = (writer: CanonicalWriter) => void;

export function writeAction(writer: CanonicalWriter, action: Action, writeParams: WriteParams): void {
  writer.ascii("{");
  writeOptional(writer, '"call_id":', action.call_id);
  writer.ascii('"params":');
  writeParams(writer);
  writer.ascii(',"params_hash":"');
  writer.ascii(action.params_hash);
  writer.ascii('",');
  writeOptional(writer, '"parent_receipt_id":', action.parent_receipt_id);
  writeOptional(writer, '"response_hash":', action.response_hash);
  writeOptional(writer, '"session":', action.session);
  writer.ascii('"target":');
  writer.text(action.target);
  writer.ascii(',"tool":');
  writer.text(action.tool);
  writer.ascii(",");
  writeOptional(writer, '"trace_id":', action.trace_id);
  writer.ascii('"transport":');
  writer.text(action.transport);
  writer.ascii("}");
}

export function writeSigner(writer: CanonicalWriter, signer: SignerClaim): void {
  writer.ascii("{");
  writeOptional(writer, '"acting_for":', signer.acting_for);
  writer.ascii('"name":');
  writer.text(signer.name);
  writer.ascii(',"owner":');
  writer.text(signer.owner);
  writer.ascii(",");
  writeOptional(writer, '"principal":', signer.principal);
  writer.ascii('"pubkey":"');
  writer.ascii(signer.pubkey);
  writer.ascii('"}');
}

export function writeServer(writer: CanonicalWriter, server: ServerClaim): void {
  writer.ascii('{"name":');
  writer.text(server.name);
  writer.ascii(',"pubkey":"');
  writer.ascii(server.pubkey);
  writer.ascii('"}');
}

export function writeResponse(writer: CanonicalWriter, { content_hash, outcome }: ResponseClaim): void {
  writer.ascii('{"content_hash":"');
  writer.ascii(content_hash);
  if (outcome === undefined) {
    writer.ascii('"}');
    return;
  }
  writer.ascii('","outcome":{');
  writeOptional(writer, '"error":', outcome.error);
  writeOptional(writer, '"reason":', outcome.reason);
  writer.ascii('"status":"');
  writer.ascii(outcome.status);
  writer.ascii('"}}');
}

/** An optional member, followed by the comma that parts it from the next. */
function writeOptional(writer: CanonicalWriter, start: string, value: string | undefined): void {
  if (value === undefined) return;
  writer.ascii(start);
  writer.text(value);
  writer.ascii(",");
}
