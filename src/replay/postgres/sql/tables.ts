/** What a process of this version needs the database to have. Goes up with every change of the SQL. */
export const FORMAT = 1;

/** Width of a time bucket of a signer's nonces. A nonce counts against its signer's share up to this much longer than it is kept. */
export const BUCKET_MS = 5000;

/** How often a signer's tally is rewritten before it begins anew in another row. */
export const TURN_UPDATES = 1000;

/**
 * Tables, in a schema whose name needs no quotes.
 *
 * Tallies and counters are rewritten with every batch: room is left in their pages, and no column that changes has an
 * index, so that the new version of a row goes beside the old one and no index grows. Rows of a few kilobytes stay in
 * their page instead of being moved out of it.
 *
 * While some transaction stays open for long, such as a dump, old versions of a row stay too, and whoever looks for the row
 * passes them all. So a signer's tally begins anew in another row, its next turn, when it was rewritten {@link TURN_UPDATES} times; and
 * the signer's own row, which is locked by every batch, is changed only then.
 */
export function tablesSql(schema: string): string {
  return `
  IF to_regnamespace('${schema}') IS NULL THEN
    CREATE SCHEMA ${schema};
  END IF;

  CREATE TABLE IF NOT EXISTS ${schema}.signet_replay_meta (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    format integer NOT NULL,
    -- What was signed before this instant may have been claimed in tables that are gone.
    epoch_ms bigint NOT NULL,
    -- The latest time of signing among the nonces that were deleted.
    horizon_ms bigint NOT NULL DEFAULT -1,
    -- Up to which expiry nonces were deleted. Cleaning goes on from there.
    cleaned_ms bigint NOT NULL DEFAULT -1,
    -- Which history of which tables the epoch is of.
    identity text NOT NULL,
    signer_hand bytea NOT NULL DEFAULT '',
    counter_hand bytea NOT NULL DEFAULT ''
  ) WITH (fillfactor = 10);

  CREATE TABLE IF NOT EXISTS ${schema}.signet_replay_nonces (
    id bytea PRIMARY KEY,
    expires_at bigint NOT NULL,
    issued_at bigint NOT NULL
  ) WITH (
    autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 20000,
    autovacuum_vacuum_insert_scale_factor = 0.5, autovacuum_analyze_scale_factor = 0.5,
    autovacuum_vacuum_cost_delay = 1
  );
  CREATE INDEX IF NOT EXISTS signet_replay_nonces_expires_at ON ${schema}.signet_replay_nonces (expires_at);

  CREATE TABLE IF NOT EXISTS ${schema}.signet_replay_signers (
    id bytea PRIMARY KEY,
    turn integer NOT NULL DEFAULT 0
  ) WITH (fillfactor = 70);

  CREATE TABLE IF NOT EXISTS ${schema}.signet_replay_tallies (
    id bytea NOT NULL,
    turn integer NOT NULL,
    updates integer NOT NULL DEFAULT 0,
    -- Live nonces by the bucket in which they expire. Buckets in ascending order.
    buckets integer[] NOT NULL,
    counts integer[] NOT NULL,
    PRIMARY KEY (id, turn)
  ) WITH (
    fillfactor = 20, toast_tuple_target = 8160,
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0
  );

  CREATE TABLE IF NOT EXISTS ${schema}.signet_replay_counters (
    id bytea PRIMARY KEY,
    -- Calls that were counted together: time of the first, time of the latest, how many; and so on.
    groups bigint[] NOT NULL DEFAULT '{}',
    expires_at bigint NOT NULL DEFAULT 0
  ) WITH (
    fillfactor = 40, toast_tuple_target = 8160,
    autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0
  );
`;
}
