import { ownValue } from "../lib/json.js";
import { MAX_AMOUNT_LENGTH, MAX_CHAIN_LENGTH, MAX_TERMS } from "./limits.js";
import { readHash, readNonce, readPrincipal, readPublicKey, readSignature, readTime } from "./read-forms.js";
import {
  Malformed,
  isPresent,
  readChoice,
  readFields,
  readInteger,
  readList,
  readText,
  readTexts,
  readVersion,
  readWord,
} from "./read.js";
import type { Fields } from "./read.js";
import type { Authorization, Constraint, DelegationParty, DelegationToken, Scope } from "./types.js";
import type { Writable } from "./writable.js";

/** A token before it is signed. */
export type Grant = Omit<DelegationToken, "id" | "sig">;

export function readAuthorization(value: unknown, path: string): Authorization {
  const fields = readFields(value, path, AUTHORIZATION);
  const chain = readList(fields, path, "chain", MAX_CHAIN_LENGTH, readDelegationToken);
  if (chain.length === 0) throw new Malformed(`${path}.chain`, "is empty");
  return {
    chain,
    chain_hash: readHash(fields, path, "chain_hash"),
    root_pubkey: readPublicKey(fields, path, "root_pubkey"),
  };
}

export function readDelegationToken(value: unknown, path: string): DelegationToken {
  const fields = readFields(value, path, TOKEN);
  const { sig, id } = readSignature(fields, path, "id", "del");
  return { ...readMembers(fields, path), id, sig };
}

/** Reads what a delegator is about to sign by the same rules as what it has signed. */
export function readGrant(value: unknown, path: string): Grant {
  return readMembers(readFields(value, path, GRANT), path);
}

function readMembers(fields: Fields, path: string): Grant {
  const grant: Writable<Grant> = {
    v: readVersion(fields, path, 1),
    delegator: readParty(ownValue(fields, "delegator"), `${path}.delegator`),
    delegate: readParty(ownValue(fields, "delegate"), `${path}.delegate`),
    scope: readScope(ownValue(fields, "scope"), `${path}.scope`),
    issued_at: readTime(fields, path, "issued_at"),
    nonce: readNonce(fields, path),
  };
  if (isPresent(fields, "correlation_id")) grant.correlation_id = readText(fields, path, "correlation_id");
  return grant;
}

function readParty(value: unknown, path: string): DelegationParty {
  const fields = readFields(value, path, PARTY);
  const party: Writable<DelegationParty> = {
    pubkey: readPublicKey(fields, path, "pubkey"),
    name: readWord(fields, path, "name"),
  };
  if (isPresent(fields, "principal")) party.principal = readPrincipal(fields, path, "principal");
  return party;
}

function readScope(value: unknown, path: string): Scope {
  const fields = readFields(value, path, SCOPE);
  const scope: Writable<Scope> = {
    tools: readPatterns(fields, path, "tools"),
    targets: readPatterns(fields, path, "targets"),
    max_depth: readInteger(fields, path, "max_depth", 0, MAX_DEPTH),
  };
  if (isPresent(fields, "expires")) scope.expires = readTime(fields, path, "expires");
  if (isPresent(fields, "constraints")) scope.constraints = readConstraints(fields, path);
  return scope;
}

/** Reads `tools` or `targets`: names, or a lone `*`. An empty list is refused, as the other implementations do. */
function readPatterns(fields: Fields, path: string, name: string): string[] {
  const patterns = readTexts(fields, path, name);
  if (patterns.length === 0) throw new Malformed(`${path}.${name}`, "is empty");
  if (patterns.length > 1 && patterns.includes("*")) {
    throw new Malformed(`${path}.${name}`, "mixes * with names");
  }
  return patterns;
}

export function readConstraints(fields: Fields, path: string): Constraint[] {
  return readList(fields, path, "constraints", MAX_TERMS, readConstraint);
}

function readConstraint(value: unknown, path: string): Constraint {
  const type = readChoice(readFields(value, path, CONSTRAINT), path, "type", ["call_count", "monetary"]);
  if (type === "call_count") {
    const fields = readFields(value, path, CALL_COUNT);
    return { type, max_calls: readInteger(fields, path, "max_calls", 1, Number.MAX_SAFE_INTEGER) };
  }
  const fields = readFields(value, path, MONETARY);
  const amount = readText(fields, path, "amount", MAX_AMOUNT_LENGTH);
  if (!DECIMAL.test(amount) || !/[1-9]/.test(amount)) {
    throw new Malformed(`${path}.amount`, "is no decimal above 0");
  }
  const currency = readText(fields, path, "currency");
  if (!CURRENCY.test(currency)) throw new Malformed(`${path}.currency`, "is not three capital letters");
  return { type, amount, currency };
}

/** The other implementations hold it in 32 bits. */
const MAX_DEPTH = 0xffff_ffff;

const DECIMAL = /^[0-9]+(?:\.[0-9]+)?$/;
const CURRENCY = /^[A-Z]{3}$/;

const AUTHORIZATION: ReadonlySet<string> = new Set(["chain", "chain_hash", "root_pubkey"]);
const GRANT: ReadonlySet<string> = new Set([
  "v",
  "delegator",
  "delegate",
  "scope",
  "issued_at",
  "nonce",
  "correlation_id",
]);
const TOKEN: ReadonlySet<string> = new Set([...GRANT, "id", "sig"]);
const PARTY: ReadonlySet<string> = new Set(["pubkey", "name", "principal"]);
const SCOPE: ReadonlySet<string> = new Set(["tools", "targets", "max_depth", "expires", "constraints"]);
const CALL_COUNT: ReadonlySet<string> = new Set(["type", "max_calls"]);
const MONETARY: ReadonlySet<string> = new Set(["type", "amount", "currency"]);
const CONSTRAINT: ReadonlySet<string> = new Set([...CALL_COUNT, ...MONETARY]);
