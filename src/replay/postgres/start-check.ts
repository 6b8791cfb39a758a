import { clocksApart, leastAheadMs } from "../clock-distance.js";
import { ask, borrow } from "./connection.js";
import { meaningOf, misconfigured } from "./failures.js";
import type { StoreSettings } from "./options.js";
import type { PostgresPool } from "./pool.js";
import { ENTRIES, grantSql } from "./sql/migration.js";
import { FORMAT } from "./sql/tables.js";

const START_MS = 5000;
const STATEMENT_MS = 1500;
const MAX_CONNECT_MS = 5000;
/** From this version on the time limit of a statement is its own when several are in one message. */
const OLDEST_VERSION = 13;
const TABLES = ["meta", "nonces", "signers", "tallies", "counters"].map((name) => `signet_replay_${name}`);

/**
 * Looks whether the store can work, before anything depends on it.
 *
 * @throws `ReplayStoreError` `replay_misconfigured` that says what to do.
 */
export async function checkStart(settings: StoreSettings): Promise<void> {
  checkPool(settings.pool);
  const facts = readFacts(await askAtStart(settings, factsSelect(settings.schema)));
  checkServer(facts);
  checkSchema(facts, settings.schema);
  const { schema, storeClockSkewMs, clock } = settings;
  const before = clock();
  const about = await askAtStart(settings, `${schema}.signet_replay_about()`);
  const after = clock();
  const [format, now] = about.split(" ").map(Number);
  checkFormat(format, schema);
  const aheadMs = Math.round(leastAheadMs(now ?? Number.NaN, before, after));
  // Written so that NaN, which is no time, is found too.
  if (!(Math.abs(aheadMs) <= storeClockSkewMs)) {
    throw misconfigured(
      `${clocksApart("the database's", aheadMs)}, more than storeClockSkewMs (${storeClockSkewMs}); set both by NTP`,
    );
  }
}

/** Without an end to its waiting, a pool fills up with connections that hang, and stays so when the server is back. */
function checkPool({ options }: PostgresPool): void {
  if (options === undefined) return;
  const waitMs: unknown = "connectionTimeoutMillis" in options ? options.connectionTimeoutMillis : undefined;
  if (typeof waitMs !== "number" || !(waitMs >= 1 && waitMs <= MAX_CONNECT_MS)) {
    throw misconfigured(
      `the pool waits for connections without an end, or for too long: make it with connectionTimeoutMillis: 1000 (at most ${MAX_CONNECT_MS})`,
    );
  }
}

async function askAtStart({ pool }: StoreSettings, select: string): Promise<string> {
  try {
    const reply = await ask(await borrow(pool, START_MS / 2), () => select, STATEMENT_MS);
    if ("error" in reply) throw reply.error;
    return reply.answer;
  } catch (error) {
    throw misconfigured(
      `the database cannot be asked: ${meaningOf(error)}; start it, or correct the pool's host, port, user, password and database`,
      error,
    );
  }
}

interface Facts {
  readonly version: number;
  readonly isReadOnly: boolean;
  readonly fsync: string;
  readonly synchronousCommit: string;
  readonly tables: number;
  readonly loggedTables: number;
  readonly functions: number;
  readonly allowedFunctions: number;
  readonly role: string;
}

/** All of it is open to every role. The role comes last, since it may hold blanks. */
function factsSelect(schema: string): string {
  const list = (names: readonly string[]): string => `('${names.join("','")}')`;
  const tables = `FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname = '${schema}' AND c.relname IN ${list(TABLES)}`;
  const functions = `FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname = '${schema}' AND p.proname IN ${list(ENTRIES)}`;
  return `concat_ws(' ',
    current_setting('server_version_num')::integer / 10000,
    CASE WHEN pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' THEN 1 ELSE 0 END,
    current_setting('fsync'), current_setting('synchronous_commit'),
    (SELECT count(*) ${tables}), (SELECT count(*) ${tables} AND c.relpersistence = 'p'),
    (SELECT count(*) ${functions}),
    (SELECT count(*) ${functions} AND has_schema_privilege(n.oid, 'USAGE') AND has_function_privilege(p.oid, 'EXECUTE')),
    current_user)`;
}

function readFacts(text: string): Facts {
  const [version, isReadOnly, fsync = "", synchronousCommit = "", ...rest] = text.split(" ");
  const [tables, loggedTables, functions, allowedFunctions] = rest.map(Number);
  return {
    version: Number(version),
    isReadOnly: isReadOnly !== "0",
    fsync,
    synchronousCommit,
    tables: tables ?? 0,
    loggedTables: loggedTables ?? 0,
    functions: functions ?? 0,
    allowedFunctions: allowedFunctions ?? 0,
    role: rest.slice(4).join(" "),
  };
}

function checkServer({ version, isReadOnly, fsync, synchronousCommit, role }: Facts): void {
  if (!(version >= OLDEST_VERSION)) {
    throw misconfigured(`the server is of version ${version}; ${OLDEST_VERSION} or newer is needed`);
  }
  if (isReadOnly) {
    throw misconfigured(
      "the server, or the connection, is read-only: give the pool the primary server, without default_transaction_read_only",
    );
  }
  if (fsync !== "on") {
    throw misconfigured(
      "fsync is off, so that a crash would forget claims: set fsync = on in postgresql.conf and restart",
    );
  }
  if (synchronousCommit === "off") {
    throw misconfigured(
      `synchronous_commit is off, so that a crash would forget claims: ALTER ROLE "${role}" SET synchronous_commit = on, and connect anew`,
    );
  }
}

function checkSchema(facts: Facts, schema: string): void {
  if (facts.tables < TABLES.length || facts.functions < ENTRIES.length)
    throw notMigrated(schema, "are not there");
  if (facts.loggedTables < TABLES.length) {
    throw misconfigured(
      `tables of the schema ${schema} are unlogged, so that a crash would empty them: ` +
        TABLES.map((name) => `ALTER TABLE ${schema}.${name} SET LOGGED`).join("; "),
    );
  }
  if (facts.allowedFunctions < ENTRIES.length) {
    throw misconfigured(
      `the user of the pool lacks rights; as the owner of the tables run: ${grantSql(schema, facts.role)}`,
    );
  }
}

function checkFormat(format: number | undefined, schema: string): void {
  if (format === FORMAT) return;
  if (format !== undefined && format > FORMAT) {
    throw misconfigured(
      `the store's tables are of a newer version of signet-mcp (format ${format}, this one has ${FORMAT}): update it`,
    );
  }
  throw notMigrated(schema, "are of an older version of signet-mcp");
}

function notMigrated(schema: string, what: string): Error {
  return misconfigured(
    `the store's tables and functions in the schema ${schema} ${what}: run ` +
      `await migratePostgresReplayStore(pool, { schema: "${schema}" }), or ` +
      `node --input-type=module -e 'import { postgresReplayMigration as sql } from "signet-mcp/replay/postgres"; ` +
      `console.log(sql({ schema: "${schema}" }))' | psql -v ON_ERROR_STOP=1 "$DATABASE_URL"`,
  );
}
