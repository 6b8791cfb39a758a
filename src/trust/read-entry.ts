import { checkPublicKeyEncoding } from "../crypto/key-check.js";
import { formatPublicKey, parsePublicKeyText } from "../crypto/key-text.js";
import type { PublicKeyText } from "../crypto/key-text.js";
import { quoted } from "../lib/text.js";
import { isPrincipal } from "../receipt/principal.js";
import type { Writable } from "../receipt/writable.js";
import { Fields } from "./fields.js";
import { keyFaultText } from "./key-fault.js";
import type { Node } from "./node.js";
import type { SourceText } from "./source-text.js";
import type { CallLimits, TrustEntry, TrustSection, TrustStatus } from "./types.js";

/** A section as it may stand in a file: `authorities` is known, and refused until decisions are built. */
export type FileSection = TrustSection | "authorities";

const COMMON = [
  "id",
  "name",
  "owner",
  "pubkey",
  "status",
  "created_at",
  "expires_at",
  "disabled_at",
  "revoked_at",
  "principal",
  "comment",
] as const;

const KNOWN: { readonly [section in FileSection]: readonly string[] } = {
  roots: COMMON,
  agents: [...COMMON, "tools", "targets", "limits"],
  servers: [...COMMON, "targets"],
  authorities: COMMON,
};

const MAX_WINDOW_SECONDS = 366 * 86_400;

/**
 * Reads one entry of a section, strictly.
 *
 * @throws `TrustRegistryError` `registry_invalid` for an entry that does not hold.
 */
export function readEntry(source: SourceText, node: Node, section: FileSection, index: number): TrustEntry {
  const path = `${section}[${index}]`;
  const fields = new Fields(source, node, path, KNOWN[section]);
  const entry: Writable<TrustEntry> = {
    id: fields.text("id"),
    name: fields.text("name"),
    owner: fields.text("owner"),
    pubkey: readKey(fields),
    status: readStatus(fields),
    createdAtMs: fields.time("created_at"),
  };
  readTimes(fields, entry);
  const tools = fields.optionalTexts("tools");
  const targets = fields.optionalTexts("targets");
  const comment = fields.optionalText("comment", { prose: true });
  const principal = readPrincipal(fields);
  if (tools !== undefined) entry.tools = tools;
  if (targets !== undefined) entry.targets = targets;
  if (principal !== undefined) entry.principal = principal;
  if (comment !== undefined) entry.comment = comment;
  const limits = readLimits(source, fields, path);
  if (limits !== undefined) entry.limits = limits;
  return entry;
}

function readKey(fields: Fields): PublicKeyText {
  const bytes = parsePublicKeyText(fields.text("pubkey"));
  if (bytes === undefined) {
    throw fields.fault("pubkey", "must be ed25519: and the 32 bytes of the key in base64 with padding");
  }
  const fault = checkPublicKeyEncoding(bytes);
  if (fault !== undefined)
    throw fields.fault("pubkey", `${keyFaultText(fault)}; put the agent's real key there`);
  return formatPublicKey(bytes);
}

function readStatus(fields: Fields): TrustStatus {
  const status = fields.text("status");
  if (status === "active" || status === "disabled" || status === "revoked") return status;
  throw fields.fault("status", `must be active, disabled or revoked, got ${quoted(status)}`);
}

/** A status and the times that are given must tell one story: an entry that was revoked is not made active by one word. */
function readTimes(fields: Fields, entry: Writable<TrustEntry>): void {
  const expiresAtMs = fields.optionalTime("expires_at");
  const disabledAtMs = fields.optionalTime("disabled_at");
  const revokedAtMs = fields.optionalTime("revoked_at");
  if (expiresAtMs !== undefined && expiresAtMs < entry.createdAtMs) {
    throw fields.fault("expires_at", "is before created_at");
  }
  if (entry.status === "disabled" && disabledAtMs === undefined) {
    throw fields.fault("disabled_at", "is missing; an entry with status disabled says since when");
  }
  if (entry.status === "revoked" && revokedAtMs === undefined) {
    throw fields.fault("revoked_at", "is missing; an entry with status revoked says since when");
  }
  if (entry.status !== "revoked" && revokedAtMs !== undefined) {
    throw fields.fault("revoked_at", `is given, but status is ${entry.status}; set status to revoked`);
  }
  if (entry.status === "active" && disabledAtMs !== undefined) {
    throw fields.fault(
      "disabled_at",
      "is given, but status is active; set status to disabled or take it out",
    );
  }
  if (expiresAtMs !== undefined) entry.expiresAtMs = expiresAtMs;
  if (disabledAtMs !== undefined) entry.disabledAtMs = disabledAtMs;
  if (revokedAtMs !== undefined) entry.revokedAtMs = revokedAtMs;
}

function readPrincipal(fields: Fields): string | undefined {
  const principal = fields.optionalText("principal");
  if (principal === undefined || isPrincipal(principal)) return principal;
  throw fields.fault("principal", `must be a URI such as agent://acme/deploy-bot, got ${quoted(principal)}`);
}

function readLimits(source: SourceText, fields: Fields, path: string): CallLimits | undefined {
  const node = fields.node("limits");
  if (node === undefined) return undefined;
  const limits = new Fields(source, node, `limits of ${path}`, ["max_calls", "window_seconds"]);
  const maxCalls = limits.count("max_calls");
  const windowSeconds = limits.count("window_seconds");
  if (windowSeconds > MAX_WINDOW_SECONDS)
    throw limits.fault("window_seconds", `must be at most ${MAX_WINDOW_SECONDS} (366 days)`);
  return { maxCalls, windowMs: windowSeconds * 1000 };
}
