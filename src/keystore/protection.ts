import { KeystoreError, OptionError } from "../errors.js";
import type { KeyFile } from "./key-file.js";
import { fromEnvironment, requirePassphrase } from "./passphrase.js";
import { sealSeed } from "./seal.js";

/** How a private key is kept on disk: encrypted, unless it is said otherwise. */
export interface Protection {
  /** Opens the key from then on; 1 character or more. Default is that of `SIGNET_PASSPHRASE`. */
  readonly passphrase?: string | undefined;
  /** Keeps the key as it is, for whoever can read the file. Default is `false`. */
  readonly unencrypted?: boolean | undefined;
}

/**
 * Decides how a key is to be kept.
 *
 * @returns the passphrase, `undefined` for a key that is not to be encrypted.
 * @throws `KeystoreError` `passphrase_missing`; `OptionError` for both at once, and for a passphrase that is none.
 */
export function chooseProtection({ passphrase, unencrypted }: Protection): string | undefined {
  if (unencrypted !== undefined && typeof unencrypted !== "boolean") {
    const message = `options.unencrypted must be true or false, got a value of type ${typeof unencrypted}`;
    throw new OptionError("invalid_option", "options.unencrypted", message);
  }
  if (unencrypted === true) {
    if (passphrase === undefined) return undefined;
    const message = "options.unencrypted must be left out where there is a passphrase: a key has one of both";
    throw new OptionError("invalid_option", "options.unencrypted", message);
  }
  const given = passphrase === undefined ? fromEnvironment() : requirePassphrase(passphrase);
  if (given !== undefined) return given;
  throw new KeystoreError(
    "passphrase_missing",
    "a key is encrypted, and there is no passphrase for it: set SIGNET_PASSPHRASE or pass one; to keep the key as it is, say `unencrypted`",
  );
}

/** Makes what a key file is to hold. */
export async function protect(
  name: string,
  seed: Uint8Array,
  passphrase: string | undefined,
): Promise<KeyFile> {
  return passphrase === undefined ? { name, seed } : { name, sealed: await sealSeed(name, seed, passphrase) };
}
