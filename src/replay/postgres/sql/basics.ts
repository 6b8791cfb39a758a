/** How every function begins that the application's role may call: it runs with its owner's rights, and nothing that a caller sets changes what its names mean. */
export const DEFINER: string = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp";

/**
 * Settings under which statements inside a function are planned: by index, once a session. A plan that was made while a table was
 * empty would otherwise read the whole table, when there are a million rows in it and nobody has analysed it yet.
 */
export const PLANNING: string =
  "SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off " +
  "SET enable_mergejoin = off SET plan_cache_mode = force_generic_plan SET jit = off";

/** What the other functions are made of. Callers have no right to these. */
export function basicsSql(schema: string): string {
  return `
  -- The one clock of the store, in milliseconds since the Unix epoch.
  CREATE OR REPLACE FUNCTION ${schema}.signet_replay_now() RETURNS bigint
  LANGUAGE sql VOLATILE AS $now$
    SELECT pg_catalog.floor(extract(epoch FROM pg_catalog.clock_timestamp()) * 1000)::bigint
  $now$;

  -- Names these tables and their history: another one after they were restored from a copy, to this server or to another,
  -- and after a standby took over. What was claimed last may be missing then.
  CREATE OR REPLACE FUNCTION ${schema}.signet_replay_identity() RETURNS text
  LANGUAGE plpgsql VOLATILE AS $identity$
  BEGIN
    RETURN pg_catalog.concat_ws('/',
      (SELECT c.system_identifier FROM pg_catalog.pg_control_system() AS c),
      pg_catalog.substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8),
      '${schema}.signet_replay_nonces'::pg_catalog.regclass::pg_catalog.oid);
  EXCEPTION WHEN insufficient_privilege OR undefined_function OR feature_not_supported
    OR object_not_in_prerequisite_state THEN
    -- A hosted database that keeps this to itself.
    RETURN '${schema}.signet_replay_nonces'::pg_catalog.regclass::pg_catalog.oid::text;
  END
  $identity$;

  -- Refuses to write where a write would not last, or would not be one of its own.
  CREATE OR REPLACE FUNCTION ${schema}.signet_replay_ready() RETURNS void
  LANGUAGE plpgsql VOLATILE AS $ready$
  BEGIN
    IF pg_catalog.pg_is_in_recovery() THEN
      RAISE EXCEPTION 'the server is a standby' USING ERRCODE = 'read_only_sql_transaction';
    END IF;
    -- A transaction begins with the message that holds its first statement, unless somebody left it open.
    IF pg_catalog.transaction_timestamp() <> pg_catalog.statement_timestamp() THEN
      RAISE EXCEPTION 'the connection has a transaction open' USING ERRCODE = 'active_sql_transaction';
    END IF;
    IF pg_catalog.current_setting('synchronous_commit') = 'off' THEN
      RAISE EXCEPTION 'synchronous_commit is off' USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
  END
  $ready$;

  -- What a process asks when it starts.
  CREATE OR REPLACE FUNCTION ${schema}.signet_replay_about() RETURNS text
  LANGUAGE sql VOLATILE ${DEFINER} AS $about$
    SELECT format || ' ' || ${schema}.signet_replay_now() || ' ' || epoch_ms FROM ${schema}.signet_replay_meta
  $about$;
`;
}
