import { checkPublicKey } from "../../crypto/key-check.js";
import { bytesOf } from "../../crypto/key-text.js";
import type { TrustRegistryError, TrustRegistryErrorCode } from "../../errors.js";
import { quoted } from "../../lib/text.js";
import { keyFaultText } from "../key-fault.js";
import { readEntry } from "../read-entry.js";
import { readJson } from "../read-json.js";
import { TRUST_SECTIONS } from "../read-registry.js";
import type { PlacedEntry, RegistryContents } from "../read-registry.js";
import { SourceText } from "../source-text.js";
import type { CallLimits, TrustEntry, TrustSection } from "../types.js";
import { editFault } from "./edit-fault.js";
import { timeText } from "./time-text.js";

/** A value of a field, as a file has it. */
export type MemberValue = string | readonly string[] | { readonly [name: string]: number };

/** The fields of an entry, in the order in which they are written. */
export type EntryMembers = readonly (readonly [name: string, value: MemberValue])[];

/** An entry to be listed, and how it is written. */
export interface NewEntry {
  readonly entry: TrustEntry;
  readonly members: EntryMembers;
}

/** What a new entry is made of. Absent and `undefined` are the same. */
export interface EntryParts {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly pubkey: string;
  readonly createdAtMs: number;
  readonly expiresAtMs?: number | undefined;
  readonly tools?: readonly string[] | undefined;
  readonly targets?: readonly string[] | undefined;
  readonly principal?: string | undefined;
  readonly limits?: CallLimits | undefined;
  readonly comment?: string | undefined;
}

/**
 * Makes a new entry, by the rules of the registry.
 *
 * @throws `TrustRegistryError` `registry_edit_invalid` when it does not hold, or its id or key is taken.
 */
export function makeEntry(
  source: SourceText,
  contents: RegistryContents,
  section: TrustSection,
  parts: EntryParts,
): NewEntry {
  const members = membersOf(parts);
  const written = new NewEntryText(JSON.stringify(Object.fromEntries(members)), source.file);
  const node = readJson(written.text);
  if (node === undefined) throw editFault(source, "the new entry has something in it that is no text");
  const entry = readEntry(written, node, section, contents.sections[section].length);
  const fault = checkPublicKey(bytesOf(entry.pubkey));
  if (fault !== undefined) {
    throw editFault(source, `pubkey of the new entry ${keyFaultText(fault)}; put the real key there`);
  }
  refuseTaken(source, contents, section, entry);
  return { entry, members };
}

/** The text of an entry that is in no file yet: its faults have no line. */
class NewEntryText extends SourceText {
  override fault(
    _code: TrustRegistryErrorCode,
    _offset: number,
    problem: string,
    cause?: unknown,
  ): TrustRegistryError {
    return editFault(this, `the new entry does not hold: ${problem}`, { cause });
  }
}

function refuseTaken(
  source: SourceText,
  { sections }: RegistryContents,
  section: TrustSection,
  { id, pubkey }: TrustEntry,
): void {
  for (const { entry, line } of sections[section]) {
    if (entry.id === id) {
      const problem = `id ${quoted(id)} is taken in ${section} by this entry; give the new entry another`;
      throw editFault(source, problem, { line });
    }
    if (entry.pubkey === pubkey) {
      const problem = `the key is in ${section} already, as ${quoted(entry.id)}; make a new key`;
      throw editFault(source, problem, { line });
    }
  }
  for (const other of TRUST_SECTIONS) {
    const revoked = sections[other].find(({ entry }) => isRevoked(entry, pubkey));
    if (revoked !== undefined) throw revokedKey(source, other, revoked);
  }
}

function isRevoked(entry: TrustEntry, pubkey: string): boolean {
  return entry.status === "revoked" && entry.pubkey === pubkey;
}

function revokedKey(source: SourceText, section: TrustSection, { entry, line }: PlacedEntry): Error {
  const problem = `the key was revoked in ${section}, as ${quoted(entry.id)}, and that counts in every section; make a new key`;
  return editFault(source, problem, { line });
}

function membersOf(parts: EntryParts): EntryMembers {
  const { id, name, owner, pubkey, createdAtMs, expiresAtMs, limits } = parts;
  const values: Readonly<Record<string, MemberValue | undefined>> = {
    id,
    name,
    owner,
    pubkey,
    status: "active",
    created_at: timeText(createdAtMs),
    expires_at: expiresAtMs === undefined ? undefined : timeText(expiresAtMs),
    tools: parts.tools,
    targets: parts.targets,
    principal: parts.principal,
    limits: limits && { max_calls: limits.maxCalls, window_seconds: limits.windowMs / 1000 },
    comment: parts.comment,
  };
  return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
}
