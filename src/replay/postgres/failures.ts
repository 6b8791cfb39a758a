import { ReplayStoreError } from "../../errors.js";
import type { ReplayStoreErrorCode } from "../../errors.js";
import { quotedError } from "../../lib/text.js";

/** Codes of PostgreSQL (SQLSTATE) and of Node, what they mean for a claim, and what to do about them. */
const MEANINGS: Readonly<Record<string, string>> = {
  "22003": "a number is out of its range there",
  "25001": "a connection of the pool has a transaction open: whoever gave it back has to end it first",
  "25006":
    "the server, or the connection, is read-only: it is a standby, or default_transaction_read_only is on",
  "28000": "the server refused the user of the pool",
  "28P01": "the server refused the password of the pool",
  "3D000": "there is no such database",
  "3F000": "the store's tables are not there: run migratePostgresReplayStore(pool)",
  "40001": "other statements came between, twice; it was not carried out",
  "40P01": "statements waited for each other, twice; it was not carried out",
  "42501":
    "the user of the pool lacks rights on the store's functions: see the GRANT that createPostgresReplayStore names",
  "42883": "the store's functions are not there: run migratePostgresReplayStore(pool)",
  "42P01": "the store's tables are not there: run migratePostgresReplayStore(pool)",
  "53100": "the disk of the database is full",
  "53200": "the server is out of memory",
  "53300": "the server has no connection free: raise its max_connections, or make the pools smaller",
  "55000":
    "synchronous_commit is off, so that a crash would forget claims: ALTER ROLE … SET synchronous_commit = on",
  "55P03": "the store's tables are locked by somebody else",
  "57014": "the statement took longer than it may, or was cancelled",
  "57P01": "the server shuts down, or somebody ended the connection",
  "57P02": "the server crashed",
  "57P03": "the server is starting or shutting down",
  ECONNREFUSED: "nobody listens at the server's address",
  ECONNRESET: "the connection broke",
  EHOSTUNREACH: "the server's host cannot be reached",
  ENETUNREACH: "the server's network cannot be reached",
  ENOTFOUND: "the name of the server's host is unknown",
  EPIPE: "the connection broke",
  ETIMEDOUT: "the connection was not answered",
};

/** After these nothing of the statement is left, and the connection is as good as before. */
const ROLLED_BACK = ["40001", "40P01"];
const HARMLESS: readonly string[] = [...ROLLED_BACK, "53100", "53200", "55P03", "57014"];

/** Makes the error for a claim that the store cannot answer. */
export function unavailable(problem: string, cause?: unknown): ReplayStoreError {
  return storeError("replay_unavailable", problem, cause);
}

/** Makes the error for a database or a pool that is not as replay protection needs it. */
export function misconfigured(problem: string, cause?: unknown): ReplayStoreError {
  return storeError("replay_misconfigured", problem, cause);
}

/** Says what an error of a pool, a connection or the server means for what was asked. */
export function failureOf(error: unknown): ReplayStoreError {
  if (error instanceof ReplayStoreError) return error;
  const code = codeOf(error);
  // Only this one says that there is no room for another nonce.
  return storeError(code === "53100" ? "replay_full" : "replay_unavailable", meaningOf(error), error);
}

/** What an error means, without what may hold a password. */
export function meaningOf(error: unknown): string {
  if (error instanceof ReplayStoreError) return error.message;
  const code = codeOf(error);
  const meaning = code === undefined || !Object.hasOwn(MEANINGS, code) ? undefined : MEANINGS[code];
  return meaning === undefined ? quotedError(withoutSecrets(error)) : `${meaning} (${code})`;
}

/** Whether a statement certainly did nothing and may be made again. */
export function isRolledBack(error: unknown): boolean {
  return ROLLED_BACK.includes(codeOf(error) ?? "");
}

/** Whether the connection may be used again. */
export function isHarmless(error: unknown): boolean {
  return HARMLESS.includes(codeOf(error) ?? "");
}

function storeError(code: ReplayStoreErrorCode, problem: string, cause: unknown): ReplayStoreError {
  const message = `PostgreSQL: ${problem}`;
  return cause === undefined
    ? new ReplayStoreError(code, message)
    : new ReplayStoreError(code, message, { cause: withoutSecrets(cause) });
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/**
 * What an error says and its code, and nothing else of it: one of a connection string that cannot be read holds the whole of it, with
 * the password.
 */
function withoutSecrets(error: unknown): Error {
  const text = error instanceof Error ? error.message : quotedError(error);
  const bare = new Error(text.replaceAll(/\/\/\S*@/g, "//…@"));
  const code = codeOf(error);
  return code === undefined ? bare : Object.assign(bare, { code });
}
