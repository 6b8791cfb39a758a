import { quoted } from "../lib/text.js";
import type { Writable } from "../receipt/writable.js";
import { Fields, nodeName } from "./fields.js";
import type { Node } from "./node.js";
import { readEntry } from "./read-entry.js";
import type { FileSection } from "./read-entry.js";
import type { SourceText } from "./source-text.js";
import type { TrustEntry, TrustRegistryHeader, TrustRegistryOptions, TrustSection } from "./types.js";

/** What a registry file says, checked, in the order of the file. Plain data: it can be sent to another thread. */
export interface RegistryContents {
  readonly header: TrustRegistryHeader;
  readonly sections: { readonly [section in TrustSection]: readonly PlacedEntry[] };
}

/** An entry and the line that it begins in. */
export interface PlacedEntry {
  readonly entry: TrustEntry;
  readonly line: number;
}

export const TRUST_SECTIONS: readonly TrustSection[] = ["roots", "agents", "servers"];

const KNOWN = [
  "version",
  "bundle_id",
  "org",
  "env",
  "generated_at",
  "description",
  "source",
  "roots",
  "agents",
  "servers",
  "authorities",
];

/**
 * Reads a registry (wire format, section 13), strictly: what it does not know it refuses.
 *
 * @throws `TrustRegistryError` with file, line and column: `registry_invalid`, `registry_empty`, `registry_unsupported`.
 */
export function readRegistry(
  source: SourceText,
  root: Node,
  options: TrustRegistryOptions,
): RegistryContents {
  const fields = new Fields(source, root, "the registry", KNOWN);
  const header = readHeader(fields);
  const sections = {
    roots: readSection(source, fields, "roots"),
    agents: readSection(source, fields, "agents"),
    servers: readSection(source, fields, "servers"),
  };
  refuseAuthorities(source, fields);
  if ((options.requireAgents ?? true) && sections.agents.length === 0)
    throw emptySection(source, fields, "agents");
  if ((options.requireServers ?? false) && sections.servers.length === 0)
    throw emptySection(source, fields, "servers");
  return { header, sections };
}

function readHeader(fields: Fields): TrustRegistryHeader {
  const version = fields.node("version");
  if (version === undefined) throw fields.fault("version", "is missing; add version: 1");
  if (version.kind !== "text" || !version.plain || version.text !== "1") {
    throw fields.fault("version", `must be the number 1, got ${nodeName(version)}`);
  }
  const header: Writable<TrustRegistryHeader> = {
    bundleId: fields.text("bundle_id"),
    org: fields.text("org"),
    env: readEnv(fields),
    generatedAtMs: fields.time("generated_at"),
  };
  const description = fields.optionalText("description", { prose: true });
  const fileSource = fields.optionalText("source", { prose: true });
  if (description !== undefined) header.description = description;
  if (fileSource !== undefined) header.source = fileSource;
  return header;
}

function readEnv(fields: Fields): string {
  const env = fields.text("env");
  if (/^[a-z0-9][a-z0-9_-]{0,31}$/.test(env)) return env;
  const wanted = "1 to 32 characters of a-z, 0-9, _ and -, the first a letter or digit";
  throw fields.fault("env", `must be ${wanted}, got ${quoted(env)}`);
}

function readSection(source: SourceText, fields: Fields, section: FileSection): readonly PlacedEntry[] {
  const ids = new Map<string, number>();
  const keys = new Map<string, number>();
  return fields.list(section).map((node, index) => {
    const entry = readEntry(source, node, section, index);
    const line = source.lineAt(node.offset);
    const sameId = ids.get(entry.id);
    if (sameId !== undefined) {
      const problem = `id ${quoted(entry.id)} is in ${section} twice, first in line ${sameId}; give each entry its own`;
      throw source.fault("registry_invalid", node.offset, problem);
    }
    const sameKey = keys.get(entry.pubkey);
    if (sameKey !== undefined) {
      const problem = `the key of ${quoted(entry.id)} is in ${section} twice, first in line ${sameKey}; keep one entry a key`;
      throw source.fault("registry_invalid", node.offset, problem);
    }
    ids.set(entry.id, line);
    keys.set(entry.pubkey, line);
    return { entry, line };
  });
}

function refuseAuthorities(source: SourceText, fields: Fields): void {
  if (!fields.has("authorities")) return;
  readSection(source, fields, "authorities");
  throw source.fault(
    "registry_unsupported",
    fields.offsetOf("authorities"),
    "authorities are not supported by this version of signet-mcp; take the section out",
  );
}

function emptySection(source: SourceText, fields: Fields, section: TrustSection): Error {
  const problem = `there are no ${section}, so nobody would be trusted; list at least one key. To cut a key off, set its status to revoked`;
  return source.fault("registry_empty", fields.offsetOf(section), problem);
}
