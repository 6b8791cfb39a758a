import { constants } from "node:fs";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";

import { SignerError } from "../errors.js";
import { isPlainObject, ownValue } from "../lib/json.js";
import type { JsonRecord } from "../lib/json.js";
import { quoted } from "../lib/text.js";
import { wholePath } from "../lib/whole-path.js";
import { decodeBase64 } from "./base64.js";
import { createSigner } from "./signer.js";
import type { Signer } from "./signer.js";

/** A signing key and the name it goes by. */
export interface KeyFile {
  readonly name: string;
  readonly signer: Signer;
}

const MAX_FILE_BYTES = 65_536;
const NAME = /^[a-zA-Z0-9_-]+$/;
const MEMBERS: readonly string[] = ["v", "algorithm", "name", "seed"];
const GROUP_AND_OTHERS = 0o077;

/**
 * Reads an unencrypted key file (wire-format 11). The file must be the owner's alone; the seed never gets into an
 * error.
 *
 * @throws `SignerError`:
 * `identity_not_found` when there is no such file;
 * `key_file_unreadable` when it cannot be read or is no regular file;
 * `key_file_permissions` when others than its owner may read or write it (not checked on Windows);
 * `key_file_encrypted` for an encrypted key;
 * `key_file_invalid` for anything that is not a key file of version 1.
 */
export async function readKeyFile(path: string): Promise<KeyFile> {
  const text = await readPrivateFile(path);
  const members = parseMembers(path, text);
  if (Object.hasOwn(members, "kdf")) {
    throw new SignerError(
      "key_file_encrypted",
      `${path} is encrypted, which this version of signet-mcp cannot read; use an unencrypted key file`,
    );
  }
  const unknown = Object.keys(members).find((member) => !MEMBERS.includes(member));
  if (unknown !== undefined) throw invalid(path, `it has the unknown member ${quoted(unknown)}`);
  if (ownValue(members, "v") !== 1) throw invalid(path, '"v" must be 1');
  if (ownValue(members, "algorithm") !== "ed25519") throw invalid(path, '"algorithm" must be "ed25519"');
  const name = ownValue(members, "name");
  if (typeof name !== "string" || !NAME.test(name)) {
    throw invalid(path, '"name" must be letters, digits, "_" and "-"');
  }
  return { name, signer: readSeed(path, ownValue(members, "seed")) };
}

async function readPrivateFile(path: string): Promise<string> {
  let file: FileHandle;
  try {
    // Not blocking: to open a named pipe would else wait for somebody to write to it.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    if (isMissing(cause))
      throw new SignerError(
        "identity_not_found",
        `there is no key file ${wholePath(path)}; create it, or correct the path`,
        { cause },
      );
    throw new SignerError("key_file_unreadable", `${unreadable(path, cause)}; let this process read it`, {
      cause,
    });
  }
  try {
    await requirePrivate(path, file);
    return await file.readFile("utf8");
  } catch (cause) {
    if (cause instanceof SignerError) throw cause;
    throw new SignerError("key_file_unreadable", unreadable(path, cause), { cause });
  } finally {
    await file.close();
  }
}

async function requirePrivate(path: string, file: FileHandle): Promise<void> {
  const status = await file.stat();
  if (!status.isFile())
    throw new SignerError(
      "key_file_unreadable",
      `${path} is not a regular file; give the path of a key file`,
    );
  if (status.size > MAX_FILE_BYTES) throw invalid(path, `it is larger than ${MAX_FILE_BYTES} bytes`);
  if (process.platform !== "win32" && (status.mode & GROUP_AND_OTHERS) !== 0) {
    throw new SignerError(
      "key_file_permissions",
      `others than its owner have access to the key file ${path}; run: chmod 600 ${shellQuoted(path)}`,
    );
  }
}

function parseMembers(path: string, text: string): JsonRecord {
  const value = parseJson(text);
  if (!isPlainObject(value)) throw invalid(path, "it must hold one JSON object");
  return value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not passed on as a cause: the message of a syntax error quotes the text, and that may be the seed.
    return undefined;
  }
}

function readSeed(path: string, text: unknown): Signer {
  const seed = typeof text === "string" ? decodeBase64(text, 32) : undefined;
  if (seed === undefined) throw invalid(path, '"seed" must be the base64, with padding, of 32 bytes');
  const signer = createSigner(seed);
  seed.fill(0);
  return signer;
}

function invalid(path: string, reason: string): SignerError {
  return new SignerError("key_file_invalid", `${path} is not a key file: ${reason}`);
}

function unreadable(path: string, cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : "";
  return `cannot read the key file ${path}${code}`;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

function shellQuoted(path: string): string {
  return `'${path.replaceAll("'", `'\\''`)}'`;
}
