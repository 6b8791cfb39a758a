import { invalidOption, missingOption, optionRecord, textOption } from "../../lib/option.js";
import { TRUST_SECTIONS } from "../read-registry.js";
import type { RegistryEdit } from "./types.js";

const KNOWN: { readonly [kind in RegistryEdit["kind"]]: readonly string[] } = {
  add: ["kind", "section", "entry"],
  disable: ["kind", "section", "id", "atMs"],
  revoke: ["kind", "section", "id", "atMs"],
  rotate: ["kind", "section", "id", "newId", "newPubkey", "newName", "newOwner", "overlapUntilMs", "atMs"],
};

const KNOWN_IN_ENTRY = [
  "id",
  "name",
  "owner",
  "pubkey",
  "createdAtMs",
  "expiresAtMs",
  "tools",
  "targets",
  "principal",
  "limits",
  "comment",
];

/** Years 0000 to 9999: what the format can say. */
const [MIN_TIME_MS, MAX_TIME_MS] = [-62_167_219_200_000, 253_402_300_799_999];

/**
 * Refuses what is no edit. What the texts of a new entry say is left to the rules of the registry.
 *
 * @throws `OptionError` that names the member.
 */
export function checkEdit(edit: RegistryEdit): void {
  const kinds = Object.keys(KNOWN);
  const kind = isObject(edit) ? edit.kind : undefined;
  if (kind === undefined) throw invalidOption("edit", `an object with a kind: ${kinds.join(", ")}`, edit);
  if (!kinds.includes(kind)) throw invalidOption("edit.kind", `one of ${kinds.join(", ")}`, kind);
  const record = optionRecord(edit, "edit", KNOWN[kind]);
  if (!TRUST_SECTIONS.includes(edit.section)) {
    throw invalidOption("edit.section", `one of ${TRUST_SECTIONS.join(", ")}`, edit.section);
  }
  if (edit.kind === "add") {
    if (edit.entry === undefined) throw missingOption("edit.entry", "what the new entry says");
    const entry = optionRecord(edit.entry, "edit.entry", KNOWN_IN_ENTRY);
    for (const name of ["id", "name", "owner", "pubkey"]) {
      textOption(entry[name], `edit.entry.${name}`, "text");
    }
    for (const name of ["createdAtMs", "expiresAtMs"]) checkTime(entry[name], `edit.entry.${name}`);
    return;
  }
  textOption(edit.id, "edit.id", "the id of an entry");
  if (edit.kind === "rotate") {
    textOption(edit.newId, "edit.newId", "an id for the new entry");
    textOption(edit.newPubkey, "edit.newPubkey", "the text of a public key");
  }
  for (const name of ["atMs", "overlapUntilMs"]) checkTime(record[name], `edit.${name}`);
}

function checkTime(value: unknown, path: string): void {
  if (value === undefined) return;
  if (Number.isSafeInteger(value) && Number(value) >= MIN_TIME_MS && Number(value) <= MAX_TIME_MS) return;
  throw invalidOption(path, "whole milliseconds since the Unix epoch, in the years 0000 to 9999", value);
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}
