import type { TrustEntry, TrustSection } from "../../../trust/types.js";
import type { TrustRegistry } from "../../../trust/registry.js";
import { formatTime } from "../../../lib/time.js";
import type { Column, Style } from "../../output.js";

export const SECTIONS: readonly TrustSection[] = ["roots", "agents", "servers"];

/** How an entry stands at present. */
export type Standing = "active" | "expired" | "disabled" | "revoked" | "not yet";

export interface Listed {
  readonly section: TrustSection;
  readonly entry: TrustEntry;
  readonly standing: Standing;
}

/** All entries of a registry, in the order of the file. */
export function listEntries(registry: TrustRegistry, nowMs: number): readonly Listed[] {
  return SECTIONS.flatMap((section) =>
    [...registry.entries(section)].map((entry) => ({ section, entry, standing: standingOf(entry, nowMs) })),
  );
}

const STYLES: Readonly<Record<Standing, Style>> = {
  active: "green",
  expired: "yellow",
  disabled: "yellow",
  revoked: "red",
  "not yet": "yellow",
};

export const ENTRY_COLUMNS: readonly Column<Listed>[] = [
  { title: "section", text: ({ section }) => section },
  { title: "id", text: ({ entry }) => entry.id },
  { title: "name", text: ({ entry }) => entry.name },
  { title: "status", text: ({ standing }) => standing, style: ({ standing }) => STYLES[standing] },
  { title: "owner", text: ({ entry }) => entry.owner },
  { title: "tools", text: ({ entry, section }) => (section === "agents" ? scopeText(entry.tools) : "") },
  { title: "targets", text: ({ entry, section }) => (section === "roots" ? "" : scopeText(entry.targets)) },
  {
    title: "expires",
    text: ({ entry }) => (entry.expiresAtMs === undefined ? "" : formatTime(entry.expiresAtMs).slice(0, 10)),
  },
  { title: "public key", text: ({ entry }) => entry.pubkey },
];

/** An entry as a machine reads it, with times as the file has them. */
export function entryJson({ section, entry, standing }: Listed): object {
  const { createdAtMs, expiresAtMs, disabledAtMs, revokedAtMs, limits, status: _, ...rest } = entry;
  const times = {
    created_at: createdAtMs,
    expires_at: expiresAtMs,
    disabled_at: disabledAtMs,
    revoked_at: revokedAtMs,
  };
  const known = Object.entries(times).flatMap(([name, ms]) =>
    ms === undefined ? [] : [[name, formatTime(ms)]],
  );
  return {
    section,
    ...rest,
    status: standing,
    ...Object.fromEntries(known),
    ...(limits === undefined
      ? {}
      : { limits: { max_calls: limits.maxCalls, window_seconds: limits.windowMs / 1000 } }),
  };
}

export function standingOf({ status, createdAtMs, expiresAtMs }: TrustEntry, nowMs: number): Standing {
  if (status !== "active") return status;
  if (nowMs < createdAtMs) return "not yet";
  return expiresAtMs !== undefined && nowMs >= expiresAtMs ? "expired" : "active";
}

function scopeText(patterns: readonly string[] | undefined): string {
  if (patterns === undefined) return "all";
  return patterns.length === 0 ? "none" : patterns.join(" ");
}
