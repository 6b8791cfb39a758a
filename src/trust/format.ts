import { formatTime } from "../lib/time.js";
import type { TrustRegistry } from "./registry.js";
import type { TrustEntry, TrustSection } from "./types.js";

const SECTIONS: readonly TrustSection[] = ["roots", "agents", "servers"];

/**
 * Writes a registry as JSON, in the form that `parseTrustRegistry` and other implementations read (wire format, section 13).
 * Comments and order of a YAML file are not in it.
 */
export function formatTrustRegistry(registry: TrustRegistry): string {
  const { bundleId, org, env, generatedAtMs, description, source } = registry.header;
  const header = {
    version: 1,
    bundle_id: bundleId,
    org,
    env,
    generated_at: formatTime(generatedAtMs),
    ...(description === undefined ? {} : { description }),
    ...(source === undefined ? {} : { source }),
  };
  const sections = SECTIONS.map((section) => [section, Array.from(registry.entries(section), entryMembers)]);
  return `${JSON.stringify({ ...header, ...Object.fromEntries(sections) }, null, 2)}\n`;
}

function entryMembers(entry: TrustEntry): object {
  const { id, name, owner, pubkey, status, tools, targets, principal, limits, comment } = entry;
  return definedMembers({
    id,
    name,
    owner,
    pubkey,
    status,
    created_at: formatTime(entry.createdAtMs),
    expires_at: timeOf(entry.expiresAtMs),
    disabled_at: timeOf(entry.disabledAtMs),
    revoked_at: timeOf(entry.revokedAtMs),
    tools,
    targets,
    principal,
    limits: limits && { max_calls: limits.maxCalls, window_seconds: limits.windowMs / 1000 },
    comment,
  });
}

function timeOf(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : formatTime(ms);
}

function definedMembers(members: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
