import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { decodeBase64, encodeBase64 } from "../crypto/base64.js";
import { formatPublicKey } from "../crypto/key-text.js";
import type { PublicKeyText } from "../crypto/key-text.js";
import { KeystoreError } from "../errors.js";
import { isPlainObject, ownValue } from "../lib/json.js";
import type { JsonRecord } from "../lib/json.js";
import { isClaim } from "./names.js";
import { isMissing, MAX_KEY_FILE_BYTES } from "./private-file.js";

/** What a public key file holds (wire-format 11). */
export interface PublicFile {
  /** As the file has it; not checked against the file's own name. */
  readonly name: string | undefined;
  readonly publicKey: PublicKeyText;
  readonly owner: string | undefined;
  readonly principal: string | undefined;
  /** RFC 3339, as the file has it. */
  readonly createdAt: string | undefined;
}

/** What a new public key file is to hold. */
export interface PublicFileContent {
  readonly name: string;
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly owner: string | undefined;
  readonly principal: string | undefined;
  readonly createdAt: string;
}

/** Path of the public key beside a key file. */
export function publicPathOf(keyPath: string): string | undefined {
  return keyPath.endsWith(".key") ? `${keyPath.slice(0, -".key".length)}.pub` : undefined;
}

/**
 * Reads a public key file.
 *
 * @returns `undefined` when it is not there.
 * @throws `KeystoreError` `key_file_unreadable` or `key_file_invalid`.
 */
export async function readPublicFile(path: string): Promise<PublicFile | undefined> {
  const text = await readSmallFile(path);
  if (text === undefined) return undefined;
  const members = parseObject(path, text);
  const pubkey = ownValue(members, "pubkey");
  const bytes = typeof pubkey === "string" ? decodeBase64(pubkey, 32) : undefined;
  if (bytes === undefined) throw publicFileFault(path, "has no pubkey of 32 bytes in base64");
  return {
    name: claim(path, members, "name"),
    publicKey: formatPublicKey(bytes),
    owner: claim(path, members, "owner"),
    principal: claim(path, members, "principal"),
    createdAt: claim(path, members, "created_at"),
  };
}

/** Writes a public key file as the other implementations do: what is not known is left out. */
export function publicFileText({ name, publicKey, owner, principal, createdAt }: PublicFileContent): string {
  const content = {
    v: 1,
    algorithm: "ed25519",
    name,
    pubkey: encodeBase64(publicKey),
    owner,
    principal,
    created_at: createdAt,
  };
  return JSON.stringify(content, null, 2);
}

export function publicFileFault(path: string, fault: string): KeystoreError {
  return new KeystoreError("key_file_invalid", `the public key file ${path} ${fault}`);
}

/** A pipe is not waited at, and no more is read than a file of this kind has. */
async function readSmallFile(path: string): Promise<string | undefined> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const status = await file.stat();
      if (!status.isFile()) {
        throw new KeystoreError(
          "key_file_unreadable",
          `the public key file ${path} is no regular file; move it away`,
        );
      }
      if (status.size > MAX_KEY_FILE_BYTES) throw publicFileFault(path, "is too large");
      return await file.readFile("utf8");
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof KeystoreError) throw cause;
    if (isMissing(cause)) return undefined;
    throw new KeystoreError("key_file_unreadable", `cannot read the public key file ${path}`, { cause });
  }
}

function claim(path: string, members: JsonRecord, member: string): string | undefined {
  const value = ownValue(members, member);
  if (value === undefined || value === null || value === "") return undefined;
  if (isClaim(value)) return value;
  throw publicFileFault(path, `has an ${member} that is no text of at most 1,024 characters`);
}

function parseObject(path: string, text: string): JsonRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new KeystoreError("key_file_invalid", `the public key file ${path} is not JSON`, { cause });
  }
  if (!isPlainObject(value)) throw publicFileFault(path, "is no JSON object");
  return value;
}
