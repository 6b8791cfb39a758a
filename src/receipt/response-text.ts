import { withCanonicalWriter } from "../crypto/canonical-writer.js";
import { writeAction, writeResponse, writeServer, writeSigner } from "./claim-text.js";
import type { Countersignature, UnsignedV2 } from "./parse-response.js";
import type { ReceiptV3 } from "./types.js";

/**
 * Writes what the agent signs of a v2 receipt: all but `id` and `sig` (wire format, section 5).
 *
 * @param paramsText - Canonical text of `action.params`, as `paramsText` writes it.
 * @returns UTF-8.
 */
export function compoundText(receipt: UnsignedV2, paramsText: Uint8Array): Uint8Array {
  return withCanonicalWriter((writer) => {
    writer.ascii('{"action":');
    writeAction(writer, receipt.action, () => {
      writer.raw(paramsText);
    });
    writer.ascii(',"nonce":');
    writer.text(receipt.nonce);
    writer.ascii(',"response":');
    writeResponse(writer, receipt.response);
    writer.ascii(',"signer":');
    writeSigner(writer, receipt.signer);
    writer.ascii(`,"ts_request":"${receipt.ts_request}","ts_response":"${receipt.ts_response}","v":2}`);
    return writer.copy();
  });
}

/**
 * Writes what the server signs of a v3 receipt: all but `id`, `sig` and `extensions` (wire format, section 6).
 *
 * @param agentWhole - Canonical text of the whole agent receipt, as `agentReceiptText` writes it.
 * @returns UTF-8.
 */
export function bilateralText(receipt: Countersignature, agentWhole: Uint8Array): Uint8Array {
  return useBilateralText(receipt, agentWhole, (text) => new Uint8Array(text));
}

/** Lends what {@link bilateralText} copies: a view that is good until something more is written. */
export function useBilateralText<Result>(
  receipt: Countersignature,
  agentWhole: Uint8Array,
  use: (text: Uint8Array) => Result,
): Result {
  return withCanonicalWriter((writer) => {
    writer.ascii('{"agent_receipt":');
    writer.raw(agentWhole);
    writer.ascii(',"nonce":');
    writer.text(receipt.nonce);
    writer.ascii(',"response":');
    writeResponse(writer, receipt.response);
    writer.ascii(',"server":');
    writeServer(writer, receipt.server);
    writer.ascii(',"ts_response":"');
    writer.ascii(receipt.ts_response);
    writer.ascii('","v":3}');
    return use(writer.view());
  });
}

/**
 * Writes the whole of a v3 receipt, `id` and `sig` included, as a log holds it.
 *
 * @param agentWhole - Canonical text of the whole agent receipt, as `agentReceiptText` writes it.
 * @returns UTF-8.
 */
export function wholeBilateralText(receipt: ReceiptV3, agentWhole: Uint8Array): Uint8Array {
  return withCanonicalWriter((writer) => {
    writer.ascii('{"agent_receipt":');
    writer.raw(agentWhole);
    if (receipt.extensions !== undefined) {
      writer.ascii(',"extensions":');
      writer.value(receipt.extensions);
    }
    writer.ascii(`,"id":"${receipt.id}","nonce":`);
    writer.text(receipt.nonce);
    writer.ascii(',"response":');
    writeResponse(writer, receipt.response);
    writer.ascii(',"server":');
    writeServer(writer, receipt.server);
    writer.ascii(`,"sig":"${receipt.sig}","ts_response":"${receipt.ts_response}","v":3}`);
    return writer.copy();
  });
}
