import { DEFINER, PLANNING } from "./basics.js";
import { BUCKET_MS, TURN_UPDATES } from "./tables.js";

/**
 * Claims a batch of nonces, each of which is in it once.
 *
 * Answers with a letter for each: `c` claimed, `r` replayed, `f` the signer has its share, `b` signed before the store began
 * to remember, `a` dated ahead, `p` past, or of a time of which nonces were forgotten. Or, for all, `clock` and by how many
 * milliseconds the database's clock is ahead of the caller's.
 *
 * **Order.** The signers' rows are made first, then locked, each in the order of their ids, so no two batches wait for each
 * other. A nonce belongs to one signer: whoever holds its row is alone with all nonces of it, and with their number.
 *
 * **Time.** A nonce is kept until its expiry plus `p_store_skew` by the database's clock. No caller's clock is further behind that
 * than `p_store_skew`, or its batch is refused: so the receipt has expired by every caller's clock when the nonce is
 * forgotten. And what would have to be forgotten already is refused, so that even a caller whose clock leaps gets no nonce twice.
 *
 * **Epoch.** What was signed before it plus `p_skew` is refused. Receipts dated further ahead of the *database's* clock than
 * `p_skew` are refused too: so no nonce that was claimed before the epoch, in tables that are gone, can be of a receipt dated after
 * it plus `p_skew`. The caller's clock would not do for that: it may be ahead of the database's by more than `p_skew`.
 *
 * **Horizon.** Guards with different windows may share the store: what one keeps short, another may accept for longer. What was signed no
 * later than a nonce that was deleted is refused. The horizon is read once more after the nonces were added: then it has moved for every
 * nonce that was deleted before they were.
 */
export function claimSql(schema: string): string {
  const nonces = `${schema}.signet_replay_nonces`;
  const signers = `${schema}.signet_replay_signers`;
  const tallies = `${schema}.signet_replay_tallies`;
  const meta = `${schema}.signet_replay_meta`;
  return `
  CREATE OR REPLACE FUNCTION ${schema}.signet_replay_claim(
    p_ids bytea, p_signers bytea, p_signer_of integer[], p_expires bigint[], p_issued bigint[],
    p_host_now bigint, p_share bigint, p_skew bigint, p_store_skew bigint
  ) RETURNS text
  LANGUAGE plpgsql VOLATILE ${DEFINER} ${PLANNING}
  AS $claim$
  DECLARE
    v_now bigint := ${schema}.signet_replay_now();
    v_signers bytea[];
    v_live bigint[];
    v_turns boolean;
    v_bucket integer;
    v_rows bigint;
    v_meta ${meta}%ROWTYPE;
    v_identity text;
    v_answer text;
    v_ids bytea[];
    v_owners integer[];
    v_expires bigint[];
    v_issued bigint[];
  BEGIN
    PERFORM ${schema}.signet_replay_ready();
    IF abs(v_now - p_host_now) > p_store_skew THEN
      RETURN 'clock ' || (v_now - p_host_now);
    END IF;

    FOR i IN 1..length(p_signers) / 16 LOOP
      v_signers[i] := substring(p_signers FROM i * 16 - 15 FOR 16);
    END LOOP;
    INSERT INTO ${signers} (id)
    SELECT u.id FROM unnest(v_signers) AS u(id)
    WHERE NOT EXISTS (SELECT 1 FROM ${signers} AS s WHERE s.id = u.id)
    ORDER BY u.id ON CONFLICT (id) DO NOTHING;
    PERFORM 1 FROM ${signers} AS s WHERE s.id = ANY (v_signers) ORDER BY s.id FOR NO KEY UPDATE;
    GET DIAGNOSTICS v_rows = ROW_COUNT;
    IF v_rows <> cardinality(v_signers) THEN
      RAISE EXCEPTION 'a signer was forgotten meanwhile' USING ERRCODE = 'serialization_failure';
    END IF;

    -- Waiting for the rows took time.
    v_now := ${schema}.signet_replay_now();
    v_bucket := least(v_now / ${BUCKET_MS}, 2147483647);
    SELECT array_agg((
        SELECT coalesce(sum(b.count), 0) FROM unnest(t.buckets, t.counts) AS b(bucket, count) WHERE b.bucket >= v_bucket
      ) ORDER BY s.id),
      bool_or(t.updates IS NULL OR t.updates >= ${TURN_UPDATES})
    INTO v_live, v_turns
    FROM ${signers} AS s LEFT JOIN ${tallies} AS t ON t.id = s.id AND t.turn = s.turn
    WHERE s.id = ANY (v_signers);
    SELECT * INTO STRICT v_meta FROM ${meta} WHERE only_row;
    v_identity := ${schema}.signet_replay_identity();
    IF v_meta.identity <> v_identity THEN
      UPDATE ${meta} SET identity = v_identity, epoch_ms = greatest(epoch_ms, v_now, p_host_now)
      WHERE only_row AND identity <> v_identity;
      SELECT * INTO STRICT v_meta FROM ${meta} WHERE only_row;
    END IF;

    WITH asked AS (
      SELECT c.n, substring(p_ids FROM (c.n::integer - 1) * 32 + 1 FOR 32) AS id, c.signer,
        c.expires + p_store_skew AS expires, c.issued
      FROM unnest(p_signer_of, p_expires, p_issued) WITH ORDINALITY AS c(signer, expires, issued, n)
    ), judged AS (
      SELECT a.*, CASE
        WHEN a.issued < v_meta.epoch_ms + p_skew THEN 'b'
        WHEN known.expires_at >= v_now OR known.issued_at >= a.issued THEN 'r'
        WHEN a.expires < v_now OR a.issued <= v_meta.horizon_ms THEN 'p'
        WHEN a.issued > v_now + p_skew THEN 'a'
        ELSE 'c' END AS answer
      FROM asked AS a LEFT JOIN LATERAL (
        SELECT k.expires_at, k.issued_at FROM ${nonces} AS k WHERE k.id = a.id LIMIT 1
      ) AS known ON true
    ), placed AS (
      SELECT j.*, row_number() OVER (PARTITION BY j.signer, j.answer ORDER BY j.n) AS place FROM judged AS j
    ), settled AS (
      SELECT p.n, p.id, p.signer, p.expires, p.issued,
        CASE WHEN p.answer = 'c' AND p.place > p_share - v_live[p.signer] THEN 'f' ELSE p.answer END AS answer
      FROM placed AS p
    )
    SELECT string_agg(s.answer, '' ORDER BY s.n),
      array_agg(s.id ORDER BY s.id) FILTER (WHERE s.answer = 'c'),
      array_agg(s.signer ORDER BY s.id) FILTER (WHERE s.answer = 'c'),
      array_agg(s.expires ORDER BY s.id) FILTER (WHERE s.answer = 'c'),
      array_agg(s.issued ORDER BY s.id) FILTER (WHERE s.answer = 'c')
    INTO v_answer, v_ids, v_owners, v_expires, v_issued
    FROM settled AS s;
    IF v_ids IS NULL THEN
      RETURN v_answer;
    END IF;

    INSERT INTO ${nonces} AS k (id, expires_at, issued_at)
    SELECT t.id, t.expires, t.issued FROM unnest(v_ids, v_expires, v_issued) AS t(id, expires, issued)
    ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at, issued_at = excluded.issued_at
      WHERE k.expires_at < v_now AND k.issued_at < excluded.issued_at;
    GET DIAGNOSTICS v_rows = ROW_COUNT;
    IF v_rows <> cardinality(v_ids)
      OR (SELECT min(t.issued) FROM unnest(v_issued) AS t(issued)) <= (SELECT m.horizon_ms FROM ${meta} AS m WHERE m.only_row) THEN
      RAISE EXCEPTION 'nonces were forgotten meanwhile' USING ERRCODE = 'serialization_failure';
    END IF;

    IF v_turns THEN
      WITH due AS (
        SELECT s.id, s.turn, t.buckets, t.counts
        FROM ${signers} AS s LEFT JOIN ${tallies} AS t ON t.id = s.id AND t.turn = s.turn
        WHERE s.id = ANY (v_signers) AND (t.updates IS NULL OR t.updates >= ${TURN_UPDATES})
      ), begun AS (
        INSERT INTO ${tallies} (id, turn, buckets, counts)
        SELECT d.id, d.turn + 1, coalesce(d.buckets, '{}'), coalesce(d.counts, '{}') FROM due AS d
      ), ended AS (
        DELETE FROM ${tallies} AS t USING due AS d WHERE t.id = d.id AND t.turn = d.turn
      )
      UPDATE ${signers} AS s SET turn = s.turn + 1 FROM due AS d WHERE s.id = d.id;
    END IF;
    UPDATE ${tallies} AS t SET buckets = changed.buckets, counts = changed.counts, updates = t.updates + 1
    FROM (
      SELECT summed.id, summed.turn, array_agg(summed.bucket ORDER BY summed.bucket) AS buckets,
        array_agg(summed.count ORDER BY summed.bucket) AS counts
      FROM (
        SELECT s.id, s.turn, each.bucket, sum(each.count)::integer AS count
        FROM (SELECT DISTINCT o.signer FROM unnest(v_owners) AS o(signer)) AS own
        JOIN ${signers} AS s ON s.id = v_signers[own.signer]
        JOIN ${tallies} AS old ON old.id = s.id AND old.turn = s.turn
        CROSS JOIN LATERAL (
          SELECT b.bucket, b.count FROM unnest(old.buckets, old.counts) AS b(bucket, count) WHERE b.bucket >= v_bucket
          UNION ALL
          SELECT least(n.expires / ${BUCKET_MS}, 2147483647)::integer, 1
          FROM unnest(v_owners, v_expires) AS n(signer, expires) WHERE n.signer = own.signer
        ) AS each
        GROUP BY s.id, s.turn, each.bucket
      ) AS summed GROUP BY summed.id, summed.turn
    ) AS changed WHERE t.id = changed.id AND t.turn = changed.turn;
    GET DIAGNOSTICS v_rows = ROW_COUNT;
    IF v_rows <> (SELECT count(DISTINCT o.signer) FROM unnest(v_owners) AS o(signer)) THEN
      RAISE EXCEPTION 'a tally was forgotten meanwhile' USING ERRCODE = 'serialization_failure';
    END IF;
    RETURN v_answer;
  END
  $claim$;
`;
}
