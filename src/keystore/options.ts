import type { Protection } from "./protection.js";

/** Where a keystore is, and its clock. */
export interface KeystoreOptions {
  /** The directory of the key files. Default is `SIGNET_HOME/keys`. It is made with the first key. */
  readonly dir?: string;
  /** The time, in milliseconds since the Unix epoch. Default is the system's clock. */
  readonly clock?: () => number;
}

/** A new key: whose it is, and how it is kept. */
export interface NewKeyOptions extends Protection {
  /** As the registry is to have it, at most 1,024 characters. Default is none. */
  readonly owner?: string;
  /** Who the signer is apart from the key, such as `agent://acme/deploy-bot`. Default is none. */
  readonly principal?: string;
}

/** A key from elsewhere. */
export interface ImportOptions extends NewKeyOptions {
  /** Opens what is imported, where that is encrypted. Not kept. */
  readonly sourcePassphrase?: string;
}

/** What opens a key. */
export interface UnlockOptions {
  /** 1 character or more. Default is that of `SIGNET_PASSPHRASE`; a key that is not encrypted needs none. */
  readonly passphrase?: string | undefined;
}

/** How a private key leaves the keystore. */
export interface ExportOptions extends UnlockOptions {
  /** `"pkcs8"`: a PEM as OpenSSL has it. `"openssh"`: as `ssh-keygen` has it, never encrypted. */
  readonly format: "pkcs8" | "openssh";
  /** Encrypts the PEM (PBES2, AES-256). Default is not to. */
  readonly exportPassphrase?: string;
}

/** Forms of a public key: `ed25519:` and base64, the content of `NAME.pub`, a PEM, a line of `authorized_keys`. */
export type PublicKeyFormat = "text" | "json" | "pem" | "openssh";
