import { canonicalJson } from "../../../src/crypto/canonical-json.js";
import { sha256Text } from "../../../src/crypto/digest.js";
import { formatSignature } from "../../../src/crypto/key-text.js";
import type { JsonRecord } from "../../../src/lib/json.js";
import { artifactId } from "../../../src/receipt/artifact-id.js";
import type { SignedCallParams, TestIdentity } from "../../../src/testing.js";

/** A receipt, to be written into. */
export type Draft = Record<string, unknown> & { action: JsonRecord; signer: JsonRecord };

/** Copies params, to be written into. */
export function copyOf(params: SignedCallParams): JsonRecord & { _meta: { _signet: Draft } } {
  return structuredClone(params) as unknown as JsonRecord & { _meta: { _signet: Draft } };
}

/** Copies params with a change to the receipt that was made after it was signed. */
export function tampered(params: SignedCallParams, change: (receipt: Draft) => void): JsonRecord {
  const copy = copyOf(params);
  change(copy._meta._signet);
  return copy;
}

/** Copies params with another receipt in them, of any kind. */
export function withReceipt(params: SignedCallParams, receipt: unknown): JsonRecord {
  return { ...params, _meta: { _signet: receipt } };
}

/**
 * Copies params with a change to the receipt that the key really signed, by a signer that is not as strict as ours: id
 * and signature hold over whatever came of it.
 */
export async function resigned(
  params: SignedCallParams,
  identity: TestIdentity,
  change: (receipt: Draft) => void,
): Promise<JsonRecord> {
  const copy = copyOf(params);
  change(copy._meta._signet);
  copy._meta._signet = await sealed(copy._meta._signet, identity);
  return copy;
}

/** Signs whatever there is. */
export async function sealed(receipt: Draft, { signer }: TestIdentity): Promise<Draft> {
  const { id: _, sig: __, ...members } = receipt;
  const signature = await signer.sign(Buffer.from(canonicalJson(members)));
  return Object.assign(receipt, { id: artifactId("rec", signature), sig: formatSignature(signature) });
}

/** Params of other arguments, hashed as they have to be. */
export function setParams(receipt: Draft, params: unknown): void {
  receipt.action = { ...receipt.action, params, params_hash: sha256Text(canonicalJson(params)) };
}

/** Replaces the value of the first member of a name, wherever it is in a JSON text. Both are texts of JSON. */
export function replaceIn(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`the text does not hold ${from}`);
  return text.replace(from, () => to);
}
