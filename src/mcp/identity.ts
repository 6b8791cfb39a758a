import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { formatPublicKey } from "../crypto/key-text.js";
import type { Signer } from "../crypto/signer.js";
import { OptionError, KeystoreError } from "../errors.js";
import type { Identity } from "../keystore/identity.js";
import { defaultKeysDirectory, loadIdentity } from "../keystore/load.js";
import { checkOwner, checkPrincipal, isClaim, isKeyName } from "../keystore/names.js";
import { describe, invalidOption, missingOption, optionRecord, pathOption } from "../lib/option.js";
import { mayBeSecret } from "../lib/secret.js";
import { quoted } from "../lib/text.js";

/**
 * An {@link Identity}, or where its key is: the path of a plain key file (anything with `/`, `\` or `.` in it), or the
 * name of one in `SIGNET_HOME/keys`.
 */
export type IdentityOption = string | Identity;

const OPTION = "options.identity";
const WANTED =
  'a key name such as "my-agent", the path of a key file such as "./keys/my-agent.key", or { signer, name }';

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
  if (!isClaim(name)) throw invalidOption(`${OPTION}.name`, "a name of 1 to 1,024 characters", name);
  return {
    signer,
    name,
    owner: checkOwner(owner, `${OPTION}.owner`),
    principal: checkPrincipal(principal, `${OPTION}.principal`),
  };
}

function placeOption(identity: string): string {
  if (/[\r\n]/.test(identity) && mayBeSecret(identity)) throw secretGiven();
  pathOption(identity, OPTION, WANTED);
  if (!isPath(identity) && !isKeyName(identity)) {
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
 * @throws `OptionError` for an option of the wrong type; `KeystoreError` when the file is missing, readable by others,
 *   encrypted, or no key file, and when the two files beside each other are not of one key.
 */
export async function openIdentity(identity: unknown): Promise<Identity> {
  const option = parseIdentityOption(identity);
  if (typeof option !== "string") return option;
  const isName = !isPath(option);
  const path = isName ? join(defaultKeysDirectory(), `${option}.key`) : option;
  return await loadIdentity(path, isName ? option : undefined).catch((error: unknown) => {
    throw explained(error, option, path);
  });
}

/** Says what to do about a key file that is not there. */
function explained(error: unknown, option: string, path: string): unknown {
  if (!(error instanceof KeystoreError) || !NOT_OPENED.includes(error.code)) return error;
  // Without the cause: the path in it is what was given.
  if (mayBeSecret(option) && !isInFolder(option))
    return secretGiven("; or, if it is a path, its folder is not there");
  if (isPath(option) || error.code !== "identity_not_found") return error;
  const { code, cause } = error;
  const message = `there is no key ${quoted(option)}: no file ${path}; for a file elsewhere give its path, such as "./${option}.key"`;
  return new KeystoreError(code, message, { cause });
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
