import { basicsSql } from "./basics.js";
import { claimSql } from "./claim.js";
import { cleanSql } from "./clean.js";
import { countSql } from "./count.js";
import { FORMAT, tablesSql } from "./tables.js";

/** Functions that the application's role calls, and nothing else of the schema. */
export const ENTRIES: readonly string[] = [
  "signet_replay_about",
  "signet_replay_claim",
  "signet_replay_clean",
  "signet_replay_count",
];

const INNER = [
  "signet_replay_now",
  "signet_replay_identity",
  "signet_replay_ready",
  "signet_replay_in_window",
  "signet_replay_count_call",
  "signet_replay_take_back_call",
];

/** Two numbers that no other user of advisory locks should have. The second tells what is locked. */
const LOCK = "1397311310, 1";

/**
 * The whole migration as one statement, so that it happens as a whole whatever runs it: this package, `psql`, or a tool that wraps
 * it in a transaction of its own.
 *
 * @param hostNowMs - The caller's clock, in milliseconds since the Unix epoch. The store's epoch is no earlier.
 */
export function migrationSql(schema: string, hostNowMs = 0): string {
  const meta = `${schema}.signet_replay_meta`;
  const functions = [...ENTRIES, ...INNER].map((name) => `${schema}.${name}`);
  return `DO $signet$
DECLARE
  v_format integer;
BEGIN
  -- One at a time; and the others find it done.
  PERFORM pg_advisory_xact_lock(${LOCK});
  IF to_regclass('${meta}') IS NOT NULL THEN
    SELECT format INTO v_format FROM ${meta};
    IF v_format > ${FORMAT} THEN
      RAISE EXCEPTION 'the tables are of a newer version of signet-mcp (format %, this one has ${FORMAT})', v_format;
    END IF;
    IF v_format = ${FORMAT} AND NOT EXISTS (
      SELECT FROM unnest('{${functions.join(",")}}'::text[]) AS f(name) WHERE to_regproc(f.name) IS NULL
    ) THEN
      RETURN;
    END IF;
  END IF;
${tablesSql(schema)}${basicsSql(schema)}${claimSql(schema)}${countSql(schema)}${cleanSql(schema)}
  REVOKE ALL ON FUNCTION
    ${functions.join(", ")}
  FROM PUBLIC;

  INSERT INTO ${meta} (format, epoch_ms, identity)
  VALUES (${FORMAT}, greatest(${schema}.signet_replay_now(), ${hostNowMs}), ${schema}.signet_replay_identity())
  ON CONFLICT (only_row) DO UPDATE SET format = excluded.format;
END
$signet$;
`;
}

/** What lets a role use the store. */
export function grantSql(schema: string, role: string): string {
  const quoted = `"${role.replaceAll('"', '""')}"`;
  const functions = ENTRIES.map((name) => `${schema}.${name}`).join(", ");
  return `GRANT USAGE ON SCHEMA ${schema} TO ${quoted}; GRANT EXECUTE ON FUNCTION ${functions} TO ${quoted};`;
}
