import { join } from "node:path";
import { formatPublicKey } from "../crypto/key-text.js";
import type { Signer } from "../crypto/signer.js";
import { quoted } from "../lib/text.js";
import { signetHome } from "../lib/signet-home.js";
import type { Identity } from "./identity.js";
import { openKeyFile } from "./key-file.js";
import { invalidKeyFile } from "./private-file.js";
import { publicFileFault, publicPathOf, readPublicFile } from "./public-file.js";

/** Where keys are, unless it is said otherwise. */
export function defaultKeysDirectory(): string {
  return join(signetHome(), "keys");
}

/**
 * Opens a key file. With one that is called `NAME.key`, the owner and the principal are those of `NAME.pub` beside it, if there is one.
 *
 * @param expectedName - The name that the key in it has to have.
 * @param passphrase - By default that of `SIGNET_PASSPHRASE`.
 * @throws `KeystoreError` as `readKeyFile` and `unlockSeed` do, and when the two files beside each other are not of one key.
 */
export async function loadIdentity(
  path: string,
  expectedName: string | undefined,
  passphrase?: string,
): Promise<Identity> {
  const { name, signer } = await openKeyFile(path, passphrase);
  if (expectedName !== undefined && name !== expectedName) {
    throw invalidKeyFile(path, `it holds the key ${quoted(name)}; name the file after it`);
  }
  return { signer, name, ...(await claimsOf(path, signer)) };
}

/** What the public key file beside a key file says of the key. */
async function claimsOf(keyPath: string, signer: Signer): Promise<Pick<Identity, "owner" | "principal">> {
  const path = publicPathOf(keyPath);
  const published = path === undefined ? undefined : await readPublicFile(path);
  if (path === undefined || published === undefined) return {};
  if (published.publicKey !== formatPublicKey(signer.publicKey)) {
    throw publicFileFault(path, "is of another key than the .key file beside it");
  }
  return { owner: published.owner, principal: published.principal };
}
