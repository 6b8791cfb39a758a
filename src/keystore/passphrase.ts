import { KeystoreError, OptionError } from "../errors.js";

const VARIABLE = "SIGNET_PASSPHRASE";

/**
 * The passphrase that opens a key: what was passed, or else that of the environment. A library never asks for one.
 *
 * @throws `KeystoreError` `passphrase_missing` when there is neither; `OptionError` when it is no text or an empty one.
 */
export function passphraseFor(path: string, passphrase: string | undefined): string {
  const given = passphrase === undefined ? fromEnvironment() : requirePassphrase(passphrase);
  if (given !== undefined) return given;
  throw new KeystoreError(
    "passphrase_missing",
    `the key file ${path} is encrypted, and there is no passphrase: set ${VARIABLE}, or pass it. A client that starts its server ` +
      `over stdio gives it few variables of its own environment, and ${VARIABLE} and SIGNET_HOME are not among them: name them in its \`env\``,
  );
}

/** The passphrase of the environment; one of no characters is none. */
export function fromEnvironment(): string | undefined {
  const text = process.env[VARIABLE];
  return text === undefined || text === "" ? undefined : requireReadable(text, VARIABLE);
}

/** @throws `OptionError` for what cannot be one. It is not shown. */
export function requirePassphrase(passphrase: unknown, option: string = "options.passphrase"): string {
  if (typeof passphrase === "string" && passphrase !== "") return requireReadable(passphrase, option);
  const got =
    typeof passphrase === "string" ? "one of no characters" : `a value of type ${typeof passphrase}`;
  throw new OptionError(
    "invalid_option",
    option,
    `${option} must be a text of 1 character or more, got ${got}`,
  );
}

/** Bytes that are no UTF-8 have come in as one and the same character, by which other bytes open the key too. */
function requireReadable(text: string, where: string): string {
  if (text.isWellFormed() && !text.includes("\uFFFD")) return text;
  throw new OptionError(
    "invalid_option",
    where,
    `${where} holds bytes or characters that are no UTF-8: write it as UTF-8`,
  );
}
