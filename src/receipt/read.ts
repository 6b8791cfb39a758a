import { canonicalJson } from "../crypto/canonical-json.js";
import { CanonicalJsonError } from "../errors.js";
import { isOwn, isPlainObject, ownValue } from "../lib/json.js";
import { quoted } from "../lib/text.js";
import { MAX_FREE_JSON, MAX_LIST_LENGTH, MAX_NAME_LENGTH } from "./limits.js";

/**
 * Readers of wire members. Each looks at own members only, returns a value of its own type and throws
 * {@link Malformed} otherwise; `parse.ts` turns that into a value at the boundary. A member that is `null` or
 * `undefined` is refused also where it is optional: nothing that was not signed is read into a receipt.
 */
export type Fields = Readonly<Record<string, unknown>>;

/** What is wrong with a value from a peer. Never leaves this folder. */
export class Malformed extends Error {
  /** Path of the member, such as `action.tool`. */
  readonly path: string;

  constructor(path: string, fault: string) {
    super(`${path} ${fault}`);
    this.path = path;
  }
}

/** Reads an object that has no other members than those in `known`. */
export function readFields(value: unknown, path: string, known: ReadonlySet<string>): Fields {
  if (!isPlainObject(value)) throw new Malformed(path, "is not an object");
  for (const name in value) {
    if (isOwn(value, name) && !known.has(name))
      throw new Malformed(path, `has the unknown member ${quoted(name)}`);
  }
  return value;
}

export function isPresent(fields: Fields, name: string): boolean {
  return Object.hasOwn(fields, name);
}

export function readText(
  fields: Fields,
  path: string,
  name: string,
  maxLength: number = MAX_NAME_LENGTH,
): string {
  const value = ownValue(fields, name);
  if (typeof value !== "string") throw new Malformed(`${path}.${name}`, "is not a string");
  checkText(value, path, name, maxLength);
  return value;
}

/** Reads a text that says something: receipts may have empty names, delegations may not. */
export function readWord(fields: Fields, path: string, name: string, maxLength?: number): string {
  const text = readText(fields, path, name, maxLength);
  if (text === "") throw new Malformed(`${path}.${name}`, "is empty");
  return text;
}

export function readChoice<Choice extends string>(
  fields: Fields,
  path: string,
  name: string,
  choices: readonly Choice[],
): Choice {
  const value = ownValue(fields, name);
  const choice = choices.find((candidate) => candidate === value);
  if (choice === undefined) throw new Malformed(`${path}.${name}`, `is none of ${choices.join(", ")}`);
  return choice;
}

export function readInteger(fields: Fields, path: string, name: string, min: number, max: number): number {
  const value = ownValue(fields, name);
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < min || value > max) {
    throw new Malformed(`${path}.${name}`, `is not a whole number from ${min} to ${max}`);
  }
  // Turns -0 into 0, which is how it is signed.
  return value + 0;
}

export function readVersion<Version extends number>(fields: Fields, path: string, version: Version): Version {
  if (ownValue(fields, "v") !== version) throw new Malformed(`${path}.v`, `is not ${version}`);
  return version;
}

/** Reads the version of something of which the kind is not known yet. */
export function readVersionOf(value: unknown, path: string): number {
  if (!isPlainObject(value)) throw new Malformed(path, "is not an object");
  const version = ownValue(value, "v");
  if (typeof version !== "number") throw new Malformed(`${path}.v`, "is not a number");
  return version;
}

/** Reads a list of texts. */
export function readTexts(fields: Fields, path: string, name: string): string[] {
  return readList(fields, path, name, MAX_LIST_LENGTH, (entry, entryPath) => {
    if (typeof entry !== "string") throw new Malformed(entryPath, "is not a string");
    checkText(entry, entryPath, undefined, MAX_NAME_LENGTH);
    return entry;
  });
}

/** Reads a list, hole or not, entry by entry. */
export function readList<Entry>(
  fields: Fields,
  path: string,
  name: string,
  maxLength: number,
  readEntry: (entry: unknown, path: string) => Entry,
): Entry[] {
  const value = ownValue(fields, name);
  if (!Array.isArray(value)) throw new Malformed(`${path}.${name}`, "is not a list");
  if (value.length > maxLength) throw new Malformed(`${path}.${name}`, `has more than ${maxLength} entries`);
  // A list with other members than its entries is no JSON value.
  if (Object.keys(value).length !== value.length) {
    throw new Malformed(`${path}.${name}`, "is not a plain list");
  }
  return Array.from<unknown, Entry>(value, (entry, index) => readEntry(entry, `${path}.${name}[${index}]`));
}

/**
 * Copies free JSON within the bounds of {@link MAX_FREE_JSON}. The copy is what the canonical text says, so it is
 * also what a signature over it says.
 */
export function readFreeJson(fields: Fields, path: string, name: string): unknown {
  let text: string;
  try {
    text = canonicalJson(ownValue(fields, name), MAX_FREE_JSON);
  } catch (error) {
    if (!(error instanceof CanonicalJsonError)) throw error;
    throw new Malformed(`${path}.${name}`, `is no JSON within the limits: ${error.code}`);
  }
  return JSON.parse(text);
}

function checkText(value: string, path: string, name: string | undefined, maxLength: number): void {
  const tooLong = value.length > maxLength;
  if (!tooLong && value.isWellFormed()) return;
  throw new Malformed(
    name === undefined ? path : `${path}.${name}`,
    tooLong ? `is longer than ${maxLength} characters` : "holds half of a surrogate pair",
  );
}
