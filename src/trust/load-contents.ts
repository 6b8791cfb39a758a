import type { Node } from "./node.js";
import { sha256Text } from "../crypto/digest.js";
import type { Sha256Text } from "../crypto/digest.js";
import { TrustRegistryError } from "../errors.js";
import { readPlain } from "./read-plain.js";
import { readWhole } from "./read-file.js";
import type { FileStamp } from "./read-file.js";
import { readRegistry } from "./read-registry.js";
import type { RegistryContents } from "./read-registry.js";
import { SourceText } from "./source-text.js";
import type { TrustRegistryOptions } from "./types.js";

/** What to read. Plain data: it is sent to the worker. */
export interface LoadRequest {
  /** Absolute path. */
  readonly path: string;
  /** The path as the caller gave it, for messages. */
  readonly file: string;
  readonly options: TrustRegistryOptions;
  /** Digest of the version that is in use; a file that still has it is not read any further. */
  readonly knownDigest: Sha256Text | undefined;
}

export interface LoadedContents {
  readonly stamp: FileStamp;
  readonly digest: Sha256Text;
  /** `undefined` when the file is the version that is in use. */
  readonly contents: RegistryContents | undefined;
}

/**
 * Reads and checks a registry file, in whatever thread this runs.
 *
 * @throws `TrustRegistryError`
 */
export async function loadContents(request: LoadRequest): Promise<LoadedContents> {
  const { bytes, stamp } = await readWhole(request.path, request.file);
  const digest = sha256Text(bytes);
  if (digest === request.knownDigest) return { stamp, digest, contents: undefined };
  const source = new SourceText(decode(bytes, request.file), request.file);
  const node = readPlain(source) ?? (await readAnyYaml(source));
  return { stamp, digest, contents: readRegistry(source, node, request.options) };
}

/** Loads the YAML package only for a file that needs it: that takes longer than reading most registries. */
async function readAnyYaml(source: SourceText): Promise<Node> {
  const { readYaml } = await import("./read-yaml.js");
  return readYaml(source);
}

function decode(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    const message = `${file}: is not UTF-8 text; save it as UTF-8`;
    throw new TrustRegistryError("registry_syntax", message, { file, cause });
  }
}
