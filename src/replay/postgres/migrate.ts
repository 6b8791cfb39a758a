import { borrow } from "./connection.js";
import { meaningOf, misconfigured } from "./failures.js";
import { migrationSchema } from "./options.js";
import type { PostgresReplayMigrationOptions } from "./options.js";
import { ignoreErrors, poolOption } from "./pool.js";
import type { PostgresPool } from "./pool.js";
import { migrationSql } from "./sql/migration.js";

const CONNECT_MS = 5000;

/**
 * Gives the SQL that makes the tables and functions of a PostgreSQL store, for those who run their migrations themselves. It is
 * one statement, can be run any number of times and by several at once, and changes nothing that is as it should be.
 *
 * Run it as the role that is to own them, not as a superuser: the functions run with its rights. The application's role needs
 * `USAGE` on the schema and `EXECUTE` on `signet_replay_about`, `signet_replay_claim`, `signet_replay_clean` and
 * `signet_replay_count` in it, and no right on the tables.
 *
 * @param options - The schema.
 * @throws `OptionError` for an option that is unknown or no such name.
 */
export function postgresReplayMigration(options: PostgresReplayMigrationOptions = {}): string {
  return migrationSql(migrationSchema(options));
}

/**
 * Makes the tables and functions of a PostgreSQL store, or brings older ones up to date. It may be run at every start, and by several
 * processes at once.
 *
 * A store remembers from its first migration on: whatever was signed before it, or up to `clockSkewMs` after it, is refused
 * (`issued_before_start`).
 *
 * @param pool - A pool whose user may create the schema, or owns it. See {@link postgresReplayMigration}.
 * @param options - The schema.
 * @throws `ReplayStoreError` `replay_misconfigured` when the database cannot be asked or refuses. `OptionError` for an option
 * that is unknown, missing or of the wrong type.
 */
export async function migratePostgresReplayStore(
  pool: PostgresPool,
  options: PostgresReplayMigrationOptions = {},
): Promise<void> {
  const checked = poolOption(pool, "pool");
  const sql = migrationSql(migrationSchema(options), Date.now());
  let client;
  try {
    client = await borrow(checked, CONNECT_MS);
  } catch (error) {
    throw misconfigured(`the database cannot be asked: ${meaningOf(error)}`, error);
  }
  const stopListening = ignoreErrors(client);
  let isDone = false;
  try {
    await client.query(sql);
    isDone = true;
  } catch (error) {
    throw misconfigured(`the migration failed: ${meaningOf(error)}`, error);
  } finally {
    client.release(!isDone);
    stopListening();
  }
}
