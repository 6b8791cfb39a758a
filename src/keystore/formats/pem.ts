import { createPrivateKey, createPublicKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { KeystoreError } from "../../errors.js";

/** What a PKCS#8 structure of an Ed25519 key begins with, before the 32 bytes of its seed (RFC 8410, 7). */
const PKCS8_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");

/** Tells whether a text is a PEM of a kind that OpenSSL reads. */
export function isPem(text: string): boolean {
  return /^\s*-----BEGIN (?:ENCRYPTED |)PRIVATE KEY-----/.test(text);
}

/**
 * Reads a PKCS#8 private key, encrypted or not.
 *
 * @returns the 32-byte seed, to be wiped after use.
 * @throws `KeystoreError` `import_invalid` for anything but an Ed25519 key, `passphrase_missing`, `passphrase_wrong`.
 */
export function seedFromPem(text: string, passphrase: string | undefined): Uint8Array {
  const isEncrypted = text.includes("ENCRYPTED");
  if (isEncrypted && passphrase === undefined) {
    throw new KeystoreError("passphrase_missing", "the PEM is encrypted, and no passphrase for it was given");
  }
  if (text.split("-----BEGIN ").length > 2)
    throw new KeystoreError(
      "import_invalid",
      "it holds several keys or certificates: give a file with one private key",
    );
  let key: KeyObject;
  try {
    key = createPrivateKey({ key: text, format: "pem", ...(isEncrypted ? { passphrase } : {}) });
  } catch {
    // Without a cause: OpenSSL's errors say in detail where a guess went wrong.
    if (isEncrypted)
      throw new KeystoreError(
        "passphrase_wrong",
        "the PEM does not open: the passphrase is another, or the file is damaged",
      );
    throw new KeystoreError("import_invalid", "it is no PEM of a private key, or it is damaged");
  }
  if (key.asymmetricKeyType !== "ed25519") {
    throw new KeystoreError(
      "import_invalid",
      `it is a key of type ${key.asymmetricKeyType ?? "unknown"}; receipts are signed with ed25519 only`,
    );
  }
  const der = key.export({ type: "pkcs8", format: "der" });
  const seed = new Uint8Array(der.subarray(PKCS8_HEAD.length, PKCS8_HEAD.length + 32));
  der.fill(0);
  return seed;
}

/** Writes a PKCS#8 private key as a PEM; with a passphrase encrypted with AES-256 by OpenSSL (PBES2). */
export function pemFromSeed(seed: Uint8Array, passphrase: string | undefined): string {
  const der = Buffer.concat([PKCS8_HEAD, seed]);
  try {
    const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
    const text = key.export({
      type: "pkcs8",
      format: "pem",
      ...(passphrase === undefined ? {} : { cipher: "aes-256-cbc", passphrase }),
    });
    return text.toString();
  } finally {
    der.fill(0);
  }
}

/** Writes a public key as a PEM (RFC 8410, 4). @param publicKey - 32 bytes. */
export function pemFromPublicKey(publicKey: Uint8Array): string {
  const x = Buffer.from(publicKey).toString("base64url");
  const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  return key.export({ type: "spki", format: "pem" }).toString();
}
