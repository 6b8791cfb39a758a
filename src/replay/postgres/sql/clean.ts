import { DEFINER, PLANNING } from "./basics.js";
import { BUCKET_MS } from "./tables.js";

/** How long a signer that has no live nonce, and a counter that counts nothing any more, are kept all the same. */
const IDLE_MS = 600_000;

/**
 * Deletes what has expired, at most `p_limit` nonces, and looks at as many signers and counters. Answers with how many nonces
 * it deleted.
 *
 * The lock on the row of the meta table lets one clean at a time. It waits for no lock, so no claim can come to wait for it for long:
 * only one of a nonce that it deletes, or of a signer that has been idle. While the clocks differ it deletes nothing: the database's may have leapt.
 */
export function cleanSql(schema: string): string {
  const nonces = `${schema}.signet_replay_nonces`;
  const signers = `${schema}.signet_replay_signers`;
  const tallies = `${schema}.signet_replay_tallies`;
  const isIdle = `NOT EXISTS (
        SELECT FROM ${tallies} AS t WHERE t.id = s.id AND t.turn = s.turn
          AND (t.buckets[cardinality(t.buckets)] + 1)::bigint * ${BUCKET_MS} + ${IDLE_MS} >= v_now
      )`;
  const counters = `${schema}.signet_replay_counters`;
  const meta = `${schema}.signet_replay_meta`;
  return `
  CREATE OR REPLACE FUNCTION ${schema}.signet_replay_clean(p_host_now bigint, p_store_skew bigint, p_limit integer) RETURNS text
  LANGUAGE plpgsql VOLATILE ${DEFINER} ${PLANNING}
  AS $clean$
  DECLARE
    v_now bigint := ${schema}.signet_replay_now();
    v_meta ${meta}%ROWTYPE;
    v_deleted bigint;
    v_issued bigint;
    v_from bigint;
    v_to bigint;
    v_idle bytea[];
    v_signer bytea;
    v_counter bytea;
  BEGIN
    PERFORM ${schema}.signet_replay_ready();
    IF abs(v_now - p_host_now) > p_store_skew THEN
      RETURN '0';
    END IF;
    SELECT * INTO v_meta FROM ${meta} WHERE only_row FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
      RETURN '0';
    END IF;

    -- Where a transaction stays open for long, what was deleted lies at the beginning of the index. A clock that was set back makes it begin there.
    v_from := CASE WHEN v_meta.cleaned_ms < v_now THEN v_meta.cleaned_ms ELSE -1 END;
    WITH gone AS (
      DELETE FROM ${nonces} WHERE ctid = ANY (ARRAY(
        SELECT k.ctid FROM ${nonces} AS k WHERE k.expires_at >= v_from AND k.expires_at < v_now
        ORDER BY k.expires_at LIMIT p_limit FOR UPDATE SKIP LOCKED
      )) RETURNING issued_at, expires_at
    )
    SELECT count(*), max(issued_at), max(expires_at) INTO v_deleted, v_issued, v_to FROM gone;

    SELECT looked.id INTO v_signer FROM (
      SELECT s.id FROM ${signers} AS s WHERE s.id > v_meta.signer_hand ORDER BY s.id LIMIT p_limit
    ) AS looked ORDER BY looked.id DESC LIMIT 1;
    -- A signer that is idle, once its row is locked.
    v_idle := ARRAY(
      SELECT s.id FROM ${signers} AS s WHERE s.id > v_meta.signer_hand AND s.id <= v_signer AND ${isIdle}
      FOR UPDATE SKIP LOCKED
    );
    v_idle := ARRAY(SELECT s.id FROM ${signers} AS s WHERE s.id = ANY (v_idle) AND ${isIdle});
    DELETE FROM ${tallies} WHERE id = ANY (v_idle);
    DELETE FROM ${signers} WHERE id = ANY (v_idle);

    SELECT looked.id INTO v_counter FROM (
      SELECT c.id FROM ${counters} AS c WHERE c.id > v_meta.counter_hand ORDER BY c.id LIMIT p_limit
    ) AS looked ORDER BY looked.id DESC LIMIT 1;
    DELETE FROM ${counters} WHERE id = ANY (ARRAY(
      SELECT c.id FROM ${counters} AS c WHERE c.id > v_meta.counter_hand AND c.id <= v_counter
        AND c.expires_at + ${IDLE_MS} < v_now
      FOR UPDATE SKIP LOCKED
    ));

    -- Claims read the horizon without a lock, after they have added their nonces.
    UPDATE ${meta} SET horizon_ms = greatest(horizon_ms, v_issued), cleaned_ms = coalesce(v_to, v_from),
      signer_hand = coalesce(v_signer, ''), counter_hand = coalesce(v_counter, '')
    WHERE only_row;
    RETURN v_deleted::text;
  END
  $clean$;
`;
}
