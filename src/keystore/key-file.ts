import { decodeBase64, encodeBase64 } from "../crypto/base64.js";
import { createSigner } from "../crypto/signer.js";
import type { Signer } from "../crypto/signer.js";
import { KeystoreError } from "../errors.js";
import { ownValue } from "../lib/json.js";
import type { JsonRecord } from "../lib/json.js";
import { quoted } from "../lib/text.js";
import { readKdfParams } from "./kdf.js";
import { isKeyName } from "./names.js";
import { passphraseFor } from "./passphrase.js";
import { invalidKeyFile, parsePrivateObject, readPrivateFile } from "./private-file.js";
import { CIPHERTEXT_BYTES, NONCE_BYTES, openSeed, SALT_BYTES } from "./seal.js";
import type { SealedSeed } from "./seal.js";

/** What a key file holds (wire-format 11): a seed, or one that a passphrase opens. */
export type KeyFile =
  | { readonly name: string; readonly seed: Uint8Array }
  | { readonly name: string; readonly sealed: SealedSeed };

const PLAIN: readonly string[] = ["v", "algorithm", "name", "seed"];
const ENCRYPTED: readonly string[] = [
  "v",
  "algorithm",
  "name",
  "kdf",
  "kdf_params",
  "salt",
  "cipher",
  "nonce",
  "ciphertext",
];

/**
 * Reads a key file, which has to be the owner's alone. The seed never gets into an error.
 *
 * @throws `KeystoreError`:
 * `identity_not_found` when there is no such file;
 * `key_file_unreadable` when it cannot be read or is no regular file;
 * `key_file_permissions` when others than its owner may read or write it (not checked on Windows);
 * `key_file_invalid` for anything that is not a key file of version 1.
 */
export async function readKeyFile(path: string): Promise<KeyFile> {
  const members = parsePrivateObject(await readPrivateFile(path));
  if (members === undefined) throw invalidKeyFile(path, "it must hold one JSON object");
  const isEncrypted = Object.hasOwn(members, "kdf");
  const known = isEncrypted ? ENCRYPTED : PLAIN;
  const unknown = Object.keys(members).find((member) => !known.includes(member));
  if (unknown !== undefined) throw invalidKeyFile(path, `it has the unknown member ${quoted(unknown)}`);
  if (ownValue(members, "v") !== 1) throw invalidKeyFile(path, '"v" must be 1');
  requireText(path, members, "algorithm", "ed25519");
  const name = ownValue(members, "name");
  if (!isKeyName(name))
    throw invalidKeyFile(path, '"name" must be letters, digits, "_" and "-", 128 at most');
  return isEncrypted
    ? { name, sealed: readSealed(path, members) }
    : { name, seed: readBytes(path, members, "seed", 32) };
}

/**
 * Takes the seed out of what a key file holds.
 *
 * @param path - For messages.
 * @param passphrase - By default that of `SIGNET_PASSPHRASE`; none is needed for a key that is not encrypted.
 * @returns 32 bytes, to be wiped after use.
 * @throws `KeystoreError` `passphrase_missing`; `passphrase_wrong`, which also is what a damaged file says.
 */
export async function unlockSeed(path: string, file: KeyFile, passphrase?: string): Promise<Uint8Array> {
  if ("seed" in file) return file.seed;
  const seed = await openSeed(file.name, file.sealed, passphraseFor(path, passphrase));
  if (seed !== undefined) return seed;
  throw new KeystoreError(
    "passphrase_wrong",
    `the key file ${path} does not open: the passphrase is another, or the file is damaged`,
  );
}

/** Reads a key file and makes a signer of what it holds. @throws as {@link readKeyFile} and {@link unlockSeed} do. */
export async function openKeyFile(
  path: string,
  passphrase?: string,
): Promise<{ readonly name: string; readonly signer: Signer }> {
  const file = await readKeyFile(path);
  const seed = await unlockSeed(path, file, passphrase);
  const signer = createSigner(seed);
  seed.fill(0);
  return { name: file.name, signer };
}

/** Writes a key file as the other implementations do. */
export function keyFileText(file: KeyFile): string {
  const head = { v: 1, algorithm: "ed25519", name: file.name };
  if ("seed" in file) return jsonText({ ...head, seed: encodeBase64(file.seed) });
  const { kdfParams, salt, nonce, ciphertext } = file.sealed;
  return jsonText({
    ...head,
    kdf: "argon2id",
    kdf_params: kdfParams,
    salt: encodeBase64(salt),
    cipher: "xchacha20poly1305",
    nonce: encodeBase64(nonce),
    ciphertext: encodeBase64(ciphertext),
  });
}

function jsonText(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

function readSealed(path: string, members: JsonRecord): SealedSeed {
  requireText(path, members, "kdf", "argon2id");
  requireText(path, members, "cipher", "xchacha20poly1305");
  const kdfParams = readKdfParams(ownValue(members, "kdf_params"));
  if (typeof kdfParams === "string") throw invalidKeyFile(path, kdfParams);
  return {
    kdfParams,
    salt: readBytes(path, members, "salt", SALT_BYTES),
    nonce: readBytes(path, members, "nonce", NONCE_BYTES),
    ciphertext: readBytes(path, members, "ciphertext", CIPHERTEXT_BYTES),
  };
}

function requireText(path: string, members: JsonRecord, member: string, text: string): void {
  if (ownValue(members, member) !== text) throw invalidKeyFile(path, `"${member}" must be "${text}"`);
}

function readBytes(path: string, members: JsonRecord, member: string, length: number): Uint8Array {
  const text = ownValue(members, member);
  const bytes = typeof text === "string" ? decodeBase64(text, length) : undefined;
  if (bytes !== undefined) return bytes;
  throw invalidKeyFile(path, `"${member}" must be the base64, with padding, of ${length} bytes`);
}
