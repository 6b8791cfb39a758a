import { isDeepStrictEqual } from "node:util";

import { quoted } from "../../lib/text.js";
import { TRUST_SECTIONS } from "../read-registry.js";
import type { RegistryContents } from "../read-registry.js";
import type { SourceText } from "../source-text.js";
import type { TrustEntry, TrustSection } from "../types.js";
import { editFault } from "./edit-fault.js";
import { makeEntry } from "./new-entry.js";
import type { NewEntry } from "./new-entry.js";
import { timeText } from "./time-text.js";
import type { RegistryEdit, RotateEntry } from "./types.js";

/** What an edit changes, decided before any text is touched. */
export interface EditPlan {
  readonly section: TrustSection;
  readonly altered: AlteredEntry | undefined;
  readonly added: NewEntry | undefined;
  readonly generatedAtMs: number;
}

export interface AlteredEntry {
  /** Place in the section, from 0. */
  readonly index: number;
  readonly before: TrustEntry;
  readonly after: TrustEntry;
  /** Fields that are set, as texts of the file. */
  readonly fields: readonly (readonly [name: string, text: string])[];
}

/** As late as the format can say. */
const MAX_TIME_MS = 253_402_300_799_999;

/** Ids that a message lists. */
const MAX_IDS = 20;

/**
 * Decides what an edit changes.
 *
 * @throws `TrustRegistryError` `registry_edit_invalid` for an edit that the registry does not allow.
 */
export function planEdit(
  source: SourceText,
  contents: RegistryContents,
  edit: RegistryEdit,
  nowMs: number,
): EditPlan {
  const { section } = edit;
  const generatedAtMs = nextGeneratedAt(source, contents, nowMs);
  if (edit.kind === "add") {
    const { createdAtMs = nowMs } = edit.entry;
    const added = makeEntry(source, contents, section, { ...edit.entry, createdAtMs });
    return { section, altered: undefined, added, generatedAtMs };
  }
  const { index, entry, line } = findEntry(source, contents, section, edit.id);
  const refuse = (problem: string): Error =>
    editFault(source, `${quoted(edit.id)} in ${section} ${problem}`, { line });
  const { atMs = nowMs } = edit;
  const alter = (changes: Partial<TrustEntry>, ...fields: AlteredEntry["fields"]): AlteredEntry => {
    return { index, before: entry, after: { ...entry, ...changes }, fields };
  };
  if (edit.kind === "rotate") {
    return { section, ...rotate(source, contents, edit, entry, atMs, refuse, alter), generatedAtMs };
  }
  const altered =
    edit.kind === "disable" ? disable(entry, atMs, refuse, alter) : revoke(entry, atMs, refuse, alter);
  return { section, altered, added: undefined, generatedAtMs };
}

type Refuse = (problem: string) => Error;
type Alter = (changes: Partial<TrustEntry>, ...fields: AlteredEntry["fields"]) => AlteredEntry;

function disable(entry: TrustEntry, atMs: number, refuse: Refuse, alter: Alter): AlteredEntry {
  if (entry.status === "revoked") throw refuse("is revoked, and that is for good; leave it so");
  if (entry.status === "disabled") throw refuse("is disabled already; there is nothing to do");
  return alter(
    { status: "disabled", disabledAtMs: atMs },
    ["status", "disabled"],
    ["disabled_at", timeText(atMs)],
  );
}

function revoke(entry: TrustEntry, atMs: number, refuse: Refuse, alter: Alter): AlteredEntry {
  const { status, revokedAtMs } = entry;
  // Revoked from an earlier time on is more than it was; from a later one, less.
  if (status === "revoked" && revokedAtMs !== undefined && atMs >= revokedAtMs) {
    throw refuse(`is revoked already, since ${timeText(revokedAtMs)}; it can only be dated back`);
  }
  return alter(
    { status: "revoked", revokedAtMs: atMs },
    ["status", "revoked"],
    ["revoked_at", timeText(atMs)],
  );
}

function rotate(
  source: SourceText,
  contents: RegistryContents,
  edit: RotateEntry,
  entry: TrustEntry,
  atMs: number,
  refuse: Refuse,
  alter: Alter,
): Pick<EditPlan, "altered" | "added"> {
  const { section, overlapUntilMs, newName: name = entry.name, newOwner: owner = entry.owner } = edit;
  if (entry.status !== "active") throw refuse(`is ${entry.status}; add a new entry instead`);
  if (overlapUntilMs !== undefined && overlapUntilMs <= Math.max(atMs, entry.createdAtMs)) {
    throw refuse(`would end at ${timeText(overlapUntilMs)}, which is no overlap; choose a later time`);
  }
  const { tools, targets, principal, limits } = entry;
  const added = makeEntry(source, contents, section, {
    id: edit.newId,
    name,
    owner,
    pubkey: edit.newPubkey,
    createdAtMs: atMs,
    tools,
    targets,
    principal,
    limits,
    comment: `rotated from ${entry.id}`,
  });
  if (overlapUntilMs === undefined) return { altered: disable(entry, atMs, refuse, alter), added };
  const endsSooner = entry.expiresAtMs !== undefined && entry.expiresAtMs <= overlapUntilMs;
  if (endsSooner) return { altered: alter({}), added };
  const altered = alter({ expiresAtMs: overlapUntilMs }, ["expires_at", timeText(overlapUntilMs)]);
  return { altered, added };
}

/** A guard refuses a version that is older than the one in use, and a change has to be newer for whoever compares. */
function nextGeneratedAt(source: SourceText, { header }: RegistryContents, nowMs: number): number {
  const nextMs = Math.max(nowMs, header.generatedAtMs + 1);
  if (nextMs <= MAX_TIME_MS) return nextMs;
  throw editFault(
    source,
    "generated_at is as late as can be, and a change needs a later one; correct it by hand",
  );
}

function findEntry(
  source: SourceText,
  contents: RegistryContents,
  section: TrustSection,
  id: string,
): { readonly index: number; readonly entry: TrustEntry; readonly line: number } {
  const placed = contents.sections[section];
  const index = placed.findIndex(({ entry }) => entry.id === id);
  const found = placed[index];
  if (found !== undefined) return { index, ...found };
  const ids = placed.slice(0, MAX_IDS).map(({ entry }) => quoted(entry.id));
  const more = placed.length > MAX_IDS ? ` and ${placed.length - MAX_IDS} more` : "";
  const known = ids.length === 0 ? "it has no entries" : `it has ${ids.join(", ")}${more}`;
  const other = TRUST_SECTIONS.find((name) => contents.sections[name].some(({ entry }) => entry.id === id));
  const hint = other === undefined ? "" : `; there is one in ${other}`;
  throw editFault(source, `there is no ${quoted(id)} in ${section}; ${known}${hint}`);
}

/** Tells whether a version differs from the one before in what was planned, and in nothing else. */
export function isAsPlanned(before: RegistryContents, after: RegistryContents, plan: EditPlan): boolean {
  const { section, altered, added, generatedAtMs } = plan;
  if (!isDeepStrictEqual(after.header, { ...before.header, generatedAtMs })) return false;
  return TRUST_SECTIONS.every((name) => {
    const expected = before.sections[name].map(({ entry }) => entry);
    if (name === section) {
      if (altered !== undefined) expected[altered.index] = altered.after;
      if (added !== undefined) expected.push(added.entry);
    }
    const got = after.sections[name].map(({ entry }) => entry);
    return isDeepStrictEqual(got, expected);
  });
}
