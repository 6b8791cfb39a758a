import { createSigner } from "../../crypto/signer.js";
import { KeystoreError } from "../../errors.js";

const HEAD = "-----BEGIN OPENSSH PRIVATE KEY-----";
const MAGIC = "openssh-key-v1\0";
/** What follows the magic in a key that is not encrypted: the length and the name of the cipher. */
const NO_CIPHER = "\0\0\0\u0004none";

const SEED_BYTES = 32;
const SECRET_BYTES = 64;

/** What the package's types leave open. */
interface OpenSshKey {
  readonly pubKey: { readonly pubKey: Uint8Array };
  readonly privKey: { readonly pubKey: Uint8Array; readonly privKey: Uint8Array };
}

/** Tells whether a text is a private key as `ssh-keygen` writes it. */
export function isOpenSsh(text: string): boolean {
  return text.trimStart().startsWith(HEAD);
}

/**
 * Reads an Ed25519 private key as `ssh-keygen -t ed25519` writes it, without a passphrase.
 *
 * @returns the 32-byte seed, to be wiped after use.
 * @throws `KeystoreError` `import_invalid` for anything else.
 */
export async function seedFromOpenSsh(text: string): Promise<Uint8Array> {
  const start = Buffer.from(text.replace(HEAD, "").trim().slice(0, 64), "base64").toString("latin1");
  if (start.startsWith(MAGIC) && !start.startsWith(MAGIC + NO_CIPHER)) {
    throw new KeystoreError(
      "import_invalid",
      "the OpenSSH key has a passphrase, which cannot be asked for here: take it off a copy with `ssh-keygen -p -N '' -f COPY`, " +
        "import the copy, and remove it",
    );
  }
  const { PrivateExport } = await import("micro-key-producer/ssh.js");
  try {
    const { keys } = PrivateExport.decode(`${text.trim()}\n`);
    const [key, ...others] = keys as readonly OpenSshKey[];
    const secret = key?.privKey.privKey;
    // The seed, then the public key, which is there three times.
    const isWhole = secret?.length === SECRET_BYTES && others.length === 0 && isSamePublicKey(secret, key);
    if (secret !== undefined && isWhole) return secret.slice(0, SEED_BYTES);
  } catch {
    // Not passed on: what it says may quote the key.
  }
  throw new KeystoreError(
    "import_invalid",
    "it is no OpenSSH private key of type ed25519, or it is damaged; receipts are signed with ed25519 only",
  );
}

/** Writes a private key as `ssh-keygen -t ed25519 -N ''` does. */
export async function openSshFromSeed(seed: Uint8Array, comment: string): Promise<string> {
  const { getKeys } = await import("micro-key-producer/ssh.js");
  return getKeys(seed, comment).privateKey;
}

/** Writes a public key as a line of `authorized_keys` or `allowed_signers`. @param publicKey - 32 bytes. */
export async function openSshFromPublicKey(publicKey: Uint8Array, comment: string): Promise<string> {
  const { formatPublicKey } = await import("micro-key-producer/ssh.js");
  return formatPublicKey(publicKey, comment);
}

/** A key whose halves are not of one key is damaged: it would sign what nobody can verify. */
function isSamePublicKey(secret: Uint8Array, key: OpenSshKey | undefined): boolean {
  const { publicKey } = createSigner(secret.slice(0, SEED_BYTES));
  const others = [secret.slice(SEED_BYTES), key?.pubKey.pubKey, key?.privKey.pubKey];
  return others.every((other) => other !== undefined && Buffer.compare(other, publicKey) === 0);
}
