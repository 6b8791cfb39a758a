import { randomBytes } from "node:crypto";

import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";

import { encodeBase64 } from "../../crypto/base64.js";
import { canonicalBytes } from "../../crypto/canonical-json.js";
import { deriveFromSeed } from "../../crypto/derive-key.js";
import { deriveKey } from "../../crypto/signer.js";
import type { Signer } from "../../crypto/signer.js";
import { AuditLogError, SignerError } from "../../errors.js";
import { isPlainObject, ownValue } from "../../lib/json.js";
import type { JsonRecord } from "../../lib/json.js";
import { invalidOption } from "../../lib/option.js";
import type { Receipt } from "../../receipt/types.js";
import { ALGORITHM, ENVELOPE, NONCE_BYTES, readEnvelope, signerOf } from "./params-envelope.js";
import { RECORD_LEVELS } from "./types.js";

/** Params that only the signer can read (wire format, section 11): in a log, never on the wire. */

const KEY_BYTES = 32;
const INFO = "signet:audit:params:v1";
const WANTED = "a receipt of version 1, 3 or 4";

/**
 * Derives the key that a signer's params are encrypted with from its private key. Keep it as you keep that one.
 *
 * @param seed - The 32-byte seed of RFC 8032.
 * @returns 32 bytes.
 * @throws `SignerError` `key_invalid` when the seed is not 32 bytes.
 */
export function paramsKey(seed: Uint8Array): Uint8Array {
  if (!(seed instanceof Uint8Array) || seed.length !== KEY_BYTES) {
    throw new SignerError("key_invalid", `the seed of a private key is ${KEY_BYTES} bytes`);
  }
  return deriveFromSeed(seed, INFO);
}

/** The same for a signer: `undefined` if its private key is not in this process, as with a key service. */
export function paramsKeyOf(signer: Signer): Uint8Array | undefined {
  return deriveKey(signer, INFO);
}

/**
 * Encrypts as {@link encryptParams} does, with a signer's own key.
 *
 * @param signer - With its key in memory.
 */
export function paramsEncrypter(signer: Signer): (receipt: Receipt | JsonRecord) => JsonRecord {
  const key = paramsKeyOf(signer);
  // Whoever takes the option checks it, and a key file is one in memory.
  if (key === undefined) throw new TypeError("the signer's key is not in memory");
  return (receipt) => encryptParams(receipt, key);
}

/**
 * Encrypts the params of a receipt for a log. Signatures hold again once they are put back by {@link decryptParams}.
 *
 * `params_hash` stays as it is: short or guessable params can be found by trying.
 *
 * @param receipt - Of version 1, 3 or 4, as it was signed. In a v3 it is the agent's receipt that has params.
 * @param key - 32 bytes: {@link paramsKey} of the seed that the agent's receipt was signed with.
 * @returns a copy with `action.params_encrypted` in the place of `action.params`, under a new random nonce. A receipt that
 * tells only the hash of its params comes back as it is.
 * @throws `OptionError` `invalid_option` for what is no receipt, or a key of another length; `CanonicalJsonError` for params
 * that are no JSON. The caller's.
 */
export function encryptParams(receipt: Receipt | JsonRecord, key: Uint8Array): JsonRecord {
  requireKey(key);
  if (!isPlainObject(receipt)) throw invalidOption("receipt", WANTED, receipt);
  return inAgentReceipt(receipt, (agentReceipt) => {
    const place = readPlace(agentReceipt);
    if (place === undefined || !Object.hasOwn(place.action, "params")) {
      throw invalidOption("receipt", WANTED, receipt);
    }
    const { params, ...action } = place.action;
    if (params === null) return agentReceipt;
    const nonce = randomBytes(NONCE_BYTES);
    const plaintext = canonicalBytes(params, { maxDepth: RECORD_LEVELS });
    const ciphertext = xchacha20poly1305(key, nonce, place.bound).encrypt(plaintext);
    const envelope = {
      v: 1,
      alg: ALGORITHM,
      kid: place.signer,
      nonce: encodeBase64(nonce),
      ciphertext: encodeBase64(ciphertext),
    };
    return { ...agentReceipt, action: { ...action, [ENVELOPE]: envelope } };
  });
}

/**
 * Puts encrypted params back into a receipt, this package's or another implementation's.
 *
 * Whether the receipt was changed apart from the params is for its signature to tell.
 *
 * @param receipt - Of version 1, 3 or 4, as a log holds it.
 * @param key - 32 bytes: {@link paramsKey} of the agent's seed.
 * @returns a copy with `action.params`. A receipt without encrypted params comes back as it is.
 * @throws `AuditLogError` `params_undecryptable` when the envelope is not of version 1, of another signer, changed, or
 * moved here from another receipt, and when the key is another; `OptionError` `invalid_option` for a key of another length.
 */
export function decryptParams(receipt: JsonRecord, key: Uint8Array): JsonRecord {
  requireKey(key);
  return inAgentReceipt(receipt, (agentReceipt) => {
    const action = ownValue(agentReceipt, "action");
    if (!isPlainObject(action) || !Object.hasOwn(action, ENVELOPE)) return agentReceipt;
    const { [ENVELOPE]: envelope, ...rest } = action;
    if (Object.hasOwn(rest, "params")) throw undecryptable("there are params in the clear beside them");
    const place = readPlace(agentReceipt);
    if (place === undefined) throw undecryptable("the receipt has no id, signer or time");
    return { ...agentReceipt, action: { ...rest, params: open(envelope, place, key) } };
  });
}

/** What an envelope is bound to. */
interface Place {
  readonly action: JsonRecord;
  readonly signer: string;
  /** What the tag covers beside the params. */
  readonly bound: Uint8Array;
}

function readPlace(agentReceipt: JsonRecord): Place | undefined {
  const action = ownValue(agentReceipt, "action");
  const id = ownValue(agentReceipt, "id");
  const ts = ownValue(agentReceipt, "ts");
  const signer = signerOf(agentReceipt);
  if (!isPlainObject(action) || !isText(id) || !isText(ts) || !isText(signer)) return undefined;
  return { action, signer, bound: canonicalBytes({ receipt_id: id, signer_pubkey: signer, ts }) };
}

function open(envelope: unknown, { signer, bound }: Place, key: Uint8Array): unknown {
  const read = readEnvelope(envelope, signer);
  if (typeof read === "string") throw undecryptable(`of the envelope, ${read}`);
  return parseParams(decrypt(read.nonce, read.ciphertext, bound, key));
}

function decrypt(nonce: Uint8Array, ciphertext: Uint8Array, bound: Uint8Array, key: Uint8Array): Uint8Array {
  try {
    return xchacha20poly1305(key, nonce, bound).decrypt(ciphertext);
  } catch (cause) {
    throw undecryptable("the key is another, or the envelope or the receipt was changed", cause);
  }
}

/** Reads params. Text that reads as something else than it says, such as a number beyond 2^53, is not taken for them. */
function parseParams(text: Uint8Array): unknown {
  try {
    const params: unknown = JSON.parse(Buffer.from(text).toString());
    if (Buffer.compare(canonicalBytes(params, { maxDepth: RECORD_LEVELS }), text) === 0) return params;
  } catch {
    // Not passed on as a cause: the message of a syntax error quotes the text.
  }
  throw undecryptable("what was encrypted is not the canonical JSON of params");
}

/** Changes the agent's receipt in a v3, or the receipt itself. */
function inAgentReceipt(receipt: JsonRecord, change: (agentReceipt: JsonRecord) => JsonRecord): JsonRecord {
  const embedded = ownValue(receipt, "v") === 3 ? ownValue(receipt, "agent_receipt") : undefined;
  return isPlainObject(embedded) ? { ...receipt, agent_receipt: change(embedded) } : change(receipt);
}

function requireKey(key: Uint8Array): void {
  if (key instanceof Uint8Array && key.length === KEY_BYTES) return;
  // Whatever it is, it may be the key in another form.
  throw invalidOption("key", `the ${KEY_BYTES} bytes that paramsKey gives`, undefined);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.isWellFormed();
}

function undecryptable(why: string, cause?: unknown): AuditLogError {
  return new AuditLogError("params_undecryptable", `the params cannot be decrypted: ${why}`, { cause });
}
