import { formatPublicKey } from "../crypto/key-text.js";
import type { PublicKeyText } from "../crypto/key-text.js";
import { createSigner } from "../crypto/signer.js";
import { KeystoreError } from "../errors.js";
import { parseTime } from "../lib/time.js";
import type { KeyDirectory } from "./key-directory.js";
import { readKeyFile } from "./key-file.js";
import type { KeyFile } from "./key-file.js";
import { readPublicFile } from "./public-file.js";
import type { PublicFile } from "./public-file.js";

/** What can be said of a key without opening it. Holds nothing secret. */
export interface KeySummary {
  readonly name: string;
  /** Absent where the file that holds it is lost, and the key is encrypted. */
  readonly publicKey?: PublicKeyText;
  readonly owner?: string;
  readonly principal?: string;
  /** In milliseconds since the Unix epoch. */
  readonly createdAtMs?: number;
  /** Whether a passphrase is needed. Absent where the key file cannot be read. */
  readonly encrypted?: boolean;
  /** What is wrong with its files, and what to do. Absent where nothing is. */
  readonly problem?: string;
}

/** Describes a key from both of its files. */
export async function describeKey(files: KeyDirectory, name: string): Promise<KeySummary> {
  const [key, keyFault] = await attempt(readKeyFile(files.keyPath(name)));
  const [published, publicFault] = await attempt(readPublicFile(files.publicPath(name)));
  const own = key === undefined || !("seed" in key) ? undefined : publicKeyOf(key.seed);
  const problem = keyFault ?? publicFault ?? mismatch(files, name, key, published, own);
  const publicKey = own ?? published?.publicKey;
  const createdAtMs = parseTime(published?.createdAt);
  return {
    name,
    ...(publicKey === undefined ? {} : { publicKey }),
    ...(published?.owner === undefined ? {} : { owner: published.owner }),
    ...(published?.principal === undefined ? {} : { principal: published.principal }),
    ...(createdAtMs === undefined ? {} : { createdAtMs }),
    ...(key === undefined ? {} : { encrypted: !("seed" in key) }),
    ...(problem === undefined ? {} : { problem }),
  };
}

function mismatch(
  files: KeyDirectory,
  name: string,
  key: KeyFile | undefined,
  published: PublicFile | undefined,
  own: PublicKeyText | undefined,
): string | undefined {
  if (key !== undefined && key.name !== name)
    return `${files.keyPath(name)} holds another key's name, ${key.name}: name the file after it`;
  if (published === undefined)
    return `${files.publicPath(name)} is not there: run \`signet identity export --name ${name}\`, which makes it again`;
  if (own !== undefined && own !== published.publicKey)
    return `${files.publicPath(name)} is of another key than the .key file beside it`;
  return undefined;
}

function publicKeyOf(seed: Uint8Array): PublicKeyText {
  const { publicKey } = createSigner(seed);
  seed.fill(0);
  return formatPublicKey(publicKey);
}

/** What is wrong with one key does not keep the others from being listed. */
async function attempt<T>(work: Promise<T>): Promise<readonly [T | undefined, string | undefined]> {
  try {
    return [await work, undefined];
  } catch (error) {
    if (error instanceof KeystoreError) return [undefined, error.message];
    throw error;
  }
}
