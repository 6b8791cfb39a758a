import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { decodeBase64 } from "../crypto/base64.js";
import { readKeyFile } from "../crypto/key-file.js";
import { formatPublicKey } from "../crypto/key-text.js";
import type { Signer } from "../crypto/signer.js";
import { OptionError, SignerError } from "../errors.js";
import { isPlainObject, ownValue } from "../lib/json.js";
import type { JsonRecord } from "../lib/json.js";
import { MAX_NAME_LENGTH } from "../receipt/limits.js";
import { isPrincipal } from "../receipt/principal.js";
import { describe, invalidOption, missingOption, optionRecord, pathOption } from "../lib/option.js";
import { mayBeSecret } from "../lib/secret.js";
import { signetHome } from "../lib/signet-home.js";
import { quoted } from "../lib/text.js";

/** Who signs: a key and the name that it goes by in the trust registry. */
export interface Identity {
  readonly signer: Signer;
  /** As the registry has it for this key; 1 to 1,024 characters. */
  readonly name: string;
  /** As the registry has it. Default is none: a receipt with no owner claims none. */
  readonly owner?: string | undefined;
  /** The text of the signer's public key. Said beside the signer, it has to be the same; nothing needs it. */
  readonly publicKey?: string | undefined;
  /** Who the signer is apart from the key, such as `agent://acme/deploy-bot`. */
  readonly principal?: string | undefined;
}

/**
 * An {@link Identity}, or where its key is: the path of a plain key file (anything with `/`, `\` or `.` in it), or the
 * name of one in `SIGNET_HOME/keys`.
 */
export type IdentityOption = string | Identity;

const OPTION = "options.identity";
const WANTED =
  'a key name such as "my-agent", the path of a key file such as "./keys/my-agent.key", or { signer, name }';
const MAX_PUBLIC_FILE_BYTES = 65_536;

/**
 * Checks what can be told of an identity without opening a file.
 *
 * @throws `OptionError` when it is neither a usable text nor `{ signer, name, owner?, principal? }`.
 */
export function parseIdentityOption(identity: unknown): IdentityOption {
  if (identity === undefined) throw missingOption(OPTION, WANTED);
  if (identity instanceof URL) throw invalidOption(OPTION, WANTED, identity);
  if (typeof identity === "string") return placeOption(identity);
  if (typeof identity !== "object" || identity === null) throw invalidOption(OPTION, WANTED, identity);
  const record = optionRecord(identity, OPTION, ["signer", "name", "owner", "principal", "publicKey"]);
  const { signer, name, owner, principal, publicKey } = record;
  if (!isSigner(signer)) {
    // Whatever it is, it may be the key itself.
    const got = typeof signer === "string" ? "a text" : describe(signer);
    throw new OptionError(
      "invalid_option",
      `${OPTION}.signer`,
      `${OPTION}.signer must be a Signer, such as createSigner(seed) gives, got ${got}`,
    );
  }
  if (publicKey !== undefined && publicKey !== formatPublicKey(signer.publicKey)) {
    throw new OptionError(
      "invalid_option",
      `${OPTION}.publicKey`,
      `${OPTION}.publicKey must be the signer's own key, or left out; it is another`,
    );
  }
  if (!isName(name)) throw invalidOption(`${OPTION}.name`, "a name of 1 to 1,024 characters", name);
  if (owner !== undefined && owner !== "" && !isName(owner)) {
    throw invalidOption(`${OPTION}.owner`, "a name of at most 1,024 characters", owner);
  }
  if (principal !== undefined && !(isName(principal) && isPrincipal(principal))) {
    throw invalidOption(`${OPTION}.principal`, "a principal such as agent://acme/deploy-bot", principal);
  }
  return { signer, name, owner, principal };
}

function placeOption(identity: string): string {
  if (/[\r\n]/.test(identity) && mayBeSecret(identity)) throw secretGiven();
  pathOption(identity, OPTION, WANTED);
  if (!isPath(identity) && !/^[a-zA-Z0-9_-]+$/.test(identity)) {
    throw mayBeSecret(identity) ? secretGiven() : invalidOption(OPTION, WANTED, identity);
  }
  return identity;
}

function secretGiven(or: string = ""): OptionError {
  return new OptionError(
    "invalid_option",
    OPTION,
    `${OPTION} looks like a private key itself: write it to a file of mode 600 and give its path, or pass ` +
      `{ signer: createSigner(seed), name }${or}`,
  );
}

/**
 * Opens the key that an `identity` option names. With a key file `NAME.key`, the owner and the principal are those of
 * `NAME.pub` beside it, if there is one.
 *
 * @param identity - An {@link IdentityOption}; not trusted to be one.
 * @throws `OptionError` for an option of the wrong type; `SignerError` when the file is missing, readable by others,
 *   encrypted, or no key file, and when the two files beside each other are not of one key.
 */
export async function openIdentity(identity: unknown): Promise<Identity> {
  const option = parseIdentityOption(identity);
  if (typeof option !== "string") return option;
  const path = isPath(option) ? option : join(signetHome(), "keys", `${option}.key`);
  const { name, signer } = await readKeyFile(path).catch((error: unknown) => {
    throw explained(error, option, path);
  });
  if (!isPath(option) && name !== option) {
    throw new SignerError(
      "key_file_invalid",
      `${path} holds the key ${quoted(name)}; name the file after it`,
    );
  }
  return { signer, name, ...(await readPublicFile(path, signer)) };
}

/** Says what to do about a key file that is not there. */
function explained(error: unknown, option: string, path: string): unknown {
  if (!(error instanceof SignerError) || !NOT_OPENED.includes(error.code)) return error;
  // Without the cause: the path in it is what was given.
  if (mayBeSecret(option) && !isInFolder(option))
    return secretGiven("; or, if it is a path, its folder is not there");
  if (isPath(option) || error.code !== "identity_not_found") return error;
  const { code, cause } = error;
  const message = `there is no key ${quoted(option)}: no file ${path}; for a file elsewhere give its path, such as "./${option}.key"`;
  return new SignerError(code, message, { cause });
}

/** Tells whether a path leads into a folder that is there, as no key does by chance. */
function isInFolder(path: string): boolean {
  const folder = dirname(path);
  return folder !== "/" && folder !== "." && existsSync(folder);
}

const NOT_OPENED: readonly string[] = ["identity_not_found", "key_file_unreadable"];

function isPath(text: string): boolean {
  return /[./\\]/.test(text);
}

interface PublicClaims {
  readonly owner?: string | undefined;
  readonly principal?: string | undefined;
}

async function readPublicFile(keyPath: string, signer: Signer): Promise<PublicClaims> {
  if (!keyPath.endsWith(".key")) return {};
  const path = `${keyPath.slice(0, -".key".length)}.pub`;
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    if (isMissing(cause)) return {};
    throw new SignerError("key_file_unreadable", `cannot read the public key file ${path}`, { cause });
  }
  if (text.length > MAX_PUBLIC_FILE_BYTES) throw publicFileFault(path, "is too large");
  const members = parseObject(path, text);
  const pubkey = ownValue(members, "pubkey");
  const bytes = typeof pubkey === "string" ? decodeBase64(pubkey, 32) : undefined;
  if (bytes === undefined) throw publicFileFault(path, "has no pubkey of 32 bytes in base64");
  if (Buffer.compare(bytes, signer.publicKey) !== 0) {
    throw publicFileFault(path, "is of another key than the .key file beside it");
  }
  return { owner: claim(path, members, "owner"), principal: claim(path, members, "principal") };
}

function claim(path: string, members: JsonRecord, member: string): string | undefined {
  const value = ownValue(members, member);
  if (value === undefined || value === null || value === "") return undefined;
  if (!isName(value))
    throw publicFileFault(path, `has an ${member} that is no text of at most 1,024 characters`);
  return value;
}

function parseObject(path: string, text: string): JsonRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new SignerError("key_file_invalid", `the public key file ${path} is not JSON`, { cause });
  }
  if (!isPlainObject(value)) throw publicFileFault(path, "is no JSON object");
  return value;
}

function publicFileFault(path: string, fault: string): SignerError {
  return new SignerError("key_file_invalid", `the public key file ${path} ${fault}`);
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "ENOENT";
}

function isName(value: unknown): value is string {
  return (
    typeof value === "string" &&
    value.trim() !== "" &&
    value.length <= MAX_NAME_LENGTH &&
    value.isWellFormed()
  );
}

function isSigner(value: unknown): value is Signer {
  return (
    typeof value === "object" &&
    value !== null &&
    "publicKey" in value &&
    value.publicKey instanceof Uint8Array &&
    value.publicKey.length === 32 &&
    "sign" in value &&
    typeof value.sign === "function"
  );
}
