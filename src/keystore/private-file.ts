import { constants } from "node:fs";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { KeystoreError } from "../errors.js";
import { isPlainObject } from "../lib/json.js";
import type { JsonRecord } from "../lib/json.js";
import { wholePath } from "../lib/whole-path.js";

/** More than any key file has. */
export const MAX_KEY_FILE_BYTES = 65_536;
const GROUP_AND_OTHERS = 0o077;

/**
 * Reads a file that holds a private key, and has to be its owner's alone.
 *
 * @throws `KeystoreError` `identity_not_found`, `key_file_unreadable`, `key_file_permissions` (not checked on Windows) or
 * `key_file_invalid` for one that is too large.
 */
export async function readPrivateFile(path: string): Promise<string> {
  let file: FileHandle;
  try {
    // Not blocking: to open a named pipe would else wait for somebody to write to it.
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    if (isMissing(cause))
      throw new KeystoreError(
        "identity_not_found",
        `there is no key file ${wholePath(path)}; create it, or correct the path`,
        { cause },
      );
    throw new KeystoreError("key_file_unreadable", `${unreadable(path, cause)}; let this process read it`, {
      cause,
    });
  }
  try {
    await requirePrivate(path, file);
    return await file.readFile("utf8");
  } catch (cause) {
    if (cause instanceof KeystoreError) throw cause;
    throw new KeystoreError("key_file_unreadable", unreadable(path, cause), { cause });
  } finally {
    await file.close();
  }
}

/** Reads a JSON object that may hold a secret: no fault of it says what is in it. */
export function parsePrivateObject(text: string): JsonRecord | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isPlainObject(value) ? value : undefined;
  } catch {
    // Not passed on as a cause: the message of a syntax error quotes the text, and that may be the seed.
    return undefined;
  }
}

export function invalidKeyFile(path: string, reason: string): KeystoreError {
  return new KeystoreError("key_file_invalid", `${path} is not a key file: ${reason}`);
}

/** Tells whether a system error says that a file is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

async function requirePrivate(path: string, file: FileHandle): Promise<void> {
  const status = await file.stat();
  if (!status.isFile())
    throw new KeystoreError(
      "key_file_unreadable",
      `${path} is not a regular file; give the path of a key file`,
    );
  if (status.size > MAX_KEY_FILE_BYTES)
    throw invalidKeyFile(path, `it is larger than ${MAX_KEY_FILE_BYTES} bytes`);
  if (process.platform !== "win32" && (status.mode & GROUP_AND_OTHERS) !== 0) {
    throw new KeystoreError(
      "key_file_permissions",
      `others than its owner have access to the key file ${path}; run: chmod 600 ${shellQuoted(path)}`,
    );
  }
}

function unreadable(path: string, cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? ` (${String(cause.code)})` : "";
  return `cannot read the key file ${path}${code}`;
}

function shellQuoted(path: string): string {
  return `'${path.replaceAll("'", `'\\''`)}'`;
}
