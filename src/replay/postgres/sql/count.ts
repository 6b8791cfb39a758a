import { EXACT_GROUPS } from "../../counters/window.js";
import { DEFINER, PLANNING } from "./basics.js";

/**
 * Counters: the same as `counters/counter.ts` and `counters/window.ts`, which say why. A counter's groups are one list: the time of a group's
 * first call, the time of its latest, how many; then the next group.
 */
export function countSql(schema: string): string {
  return `${groupsSql(schema)}${listsSql(schema)}`;
}

function groupsSql(schema: string): string {
  return `
  -- Takes what has left the window out of it.
  CREATE OR REPLACE FUNCTION ${schema}.signet_replay_in_window(p_groups bigint[], p_now bigint, p_window bigint) RETURNS bigint[]
  LANGUAGE plpgsql IMMUTABLE AS $in_window$
  DECLARE
    v_first integer := 1;
    v_end integer := pg_catalog.cardinality(p_groups);
  BEGIN
    WHILE v_first < v_end AND p_groups[v_first + 1] + p_window <= p_now LOOP
      v_first := v_first + 3;
    END LOOP;
    RETURN p_groups[v_first:];
  END
  $in_window$;

  -- Counts one call. Gives the groups as they are then, or null when there is no room. A budget has the window 0.
  CREATE OR REPLACE FUNCTION ${schema}.signet_replay_count_call(
    p_groups bigint[], p_now bigint, p_max bigint, p_window bigint, p_ends bigint
  ) RETURNS bigint[]
  LANGUAGE plpgsql IMMUTABLE AS $count_call$
  DECLARE
    v_groups bigint[] := p_groups;
    v_end integer;
    v_total bigint := 0;
    v_now bigint;
  BEGIN
    IF p_window = 0 THEN
      IF p_now >= p_ends OR coalesce(v_groups[3], 0) >= p_max THEN
        RETURN NULL;
      END IF;
      RETURN ARRAY[coalesce(v_groups[1], p_now), p_now, coalesce(v_groups[3], 0) + 1];
    END IF;
    v_groups := ${schema}.signet_replay_in_window(v_groups, p_now, p_window);
    v_end := pg_catalog.cardinality(v_groups);
    FOR i IN 1..v_end / 3 LOOP
      v_total := v_total + v_groups[i * 3];
    END LOOP;
    IF v_total >= p_max THEN
      RETURN NULL;
    END IF;
    IF v_end = 0 THEN
      RETURN ARRAY[p_now, p_now, 1];
    END IF;
    v_now := greatest(p_now, v_groups[v_end - 1]);
    IF v_now <> v_groups[v_end - 1] AND NOT (
      v_end / 3 >= ${EXACT_GROUPS} AND (v_now - v_groups[v_end - 2]) * ${EXACT_GROUPS} < p_window
    ) THEN
      RETURN v_groups || ARRAY[v_now, v_now, 1];
    END IF;
    v_groups[v_end - 1] := v_now;
    v_groups[v_end] := v_groups[v_end] + 1;
    RETURN v_groups;
  END
  $count_call$;

  -- Takes back one call, of the oldest.
  CREATE OR REPLACE FUNCTION ${schema}.signet_replay_take_back_call(p_groups bigint[], p_now bigint, p_window bigint) RETURNS bigint[]
  LANGUAGE plpgsql IMMUTABLE AS $take_back_call$
  DECLARE
    v_groups bigint[] := p_groups;
  BEGIN
    IF p_window <> 0 THEN
      v_groups := ${schema}.signet_replay_in_window(v_groups, p_now, p_window);
    END IF;
    IF pg_catalog.cardinality(v_groups) = 0 THEN
      RETURN v_groups;
    END IF;
    IF v_groups[3] = 1 THEN
      RETURN v_groups[4:];
    END IF;
    v_groups[3] := v_groups[3] - 1;
    RETURN v_groups;
  END
  $take_back_call$;
`;
}

/**
 * Counts a batch of lists of charges, and takes back those of others, one list after another.
 *
 * `p_ids` are the counters, in ascending order, each once; `p_sizes` the numbers of charges of the lists, `p_refunds` which of them are
 * refunds; the rest is by charge. Answers with a number for each list: 0, or which of its charges has no room, from 1 on.
 * The counters' rows are made first and then locked, each in the order of their ids: see {@link claimSql}.
 */
function listsSql(schema: string): string {
  const counters = `${schema}.signet_replay_counters`;
  return `
  CREATE OR REPLACE FUNCTION ${schema}.signet_replay_count(
    p_ids bytea, p_sizes integer[], p_refunds boolean[],
    p_counter_of integer[], p_max bigint[], p_window bigint[], p_ends bigint[]
  ) RETURNS text
  LANGUAGE plpgsql VOLATILE ${DEFINER} ${PLANNING}
  AS $count$
  DECLARE
    v_ids bytea[];
    v_now bigint;
    -- A text for each counter, since a list of lists would need all of one length.
    v_groups text[];
    v_expires bigint[];
    v_changed boolean[];
    v_after text[];
    v_one bigint[];
    v_rows bigint;
    v_answers integer[] := '{}';
    v_answer integer;
    v_base integer := 0;
    v_at integer;
    v_counter integer;
  BEGIN
    PERFORM ${schema}.signet_replay_ready();
    FOR i IN 1..length(p_ids) / 32 LOOP
      v_ids[i] := substring(p_ids FROM i * 32 - 31 FOR 32);
    END LOOP;
    IF false = ANY (p_refunds) THEN
      INSERT INTO ${counters} (id)
      SELECT u.id FROM unnest(v_ids) AS u(id)
      WHERE NOT EXISTS (SELECT 1 FROM ${counters} AS c WHERE c.id = u.id)
      ORDER BY u.id ON CONFLICT (id) DO NOTHING;
    END IF;
    PERFORM 1 FROM ${counters} AS c WHERE c.id = ANY (v_ids) ORDER BY c.id FOR NO KEY UPDATE;
    v_now := ${schema}.signet_replay_now();
    SELECT array_agg(coalesce(c.groups, '{}')::text ORDER BY u.n), array_agg(coalesce(c.expires_at, 0) ORDER BY u.n),
      array_agg(false ORDER BY u.n)
    INTO v_groups, v_expires, v_changed
    FROM unnest(v_ids) WITH ORDINALITY AS u(id, n) LEFT JOIN LATERAL (
      SELECT k.groups, k.expires_at FROM ${counters} AS k WHERE k.id = u.id LIMIT 1
    ) AS c ON true;

    FOR v_list IN 1..cardinality(p_sizes) LOOP
      v_after := v_groups;
      v_answer := 0;
      FOR v_charge IN 1..p_sizes[v_list] LOOP
        v_at := v_base + v_charge;
        v_counter := p_counter_of[v_at];
        IF p_refunds[v_list] THEN
          v_one := ${schema}.signet_replay_take_back_call(v_after[v_counter]::bigint[], v_now, p_window[v_at]);
        ELSE
          v_one := ${schema}.signet_replay_count_call(
            v_after[v_counter]::bigint[], v_now, p_max[v_at], p_window[v_at], p_ends[v_at]);
        END IF;
        IF v_one IS NULL THEN
          v_answer := v_charge;
          EXIT;
        END IF;
        v_after[v_counter] := v_one::text;
      END LOOP;
      IF v_answer = 0 THEN
        FOR v_charge IN 1..p_sizes[v_list] LOOP
          v_at := v_base + v_charge;
          v_counter := p_counter_of[v_at];
          IF v_after[v_counter] <> v_groups[v_counter] THEN
            v_changed[v_counter] := true;
          END IF;
          v_groups[v_counter] := v_after[v_counter];
          IF NOT p_refunds[v_list] THEN
            v_one := v_groups[v_counter]::bigint[];
            v_expires[v_counter] := CASE p_window[v_at] WHEN 0 THEN p_ends[v_at]
              ELSE v_one[cardinality(v_one) - 1] + p_window[v_at] END;
          END IF;
        END LOOP;
      END IF;
      v_answers := v_answers || v_answer;
      v_base := v_base + p_sizes[v_list];
    END LOOP;

    UPDATE ${counters} AS c SET groups = n.groups::bigint[], expires_at = n.expires_at
    FROM unnest(v_ids, v_groups, v_expires, v_changed) AS n(id, groups, expires_at, is_changed)
    WHERE c.id = n.id AND n.is_changed;
    GET DIAGNOSTICS v_rows = ROW_COUNT;
    IF v_rows <> (SELECT count(*) FROM unnest(v_changed) AS n(is_changed) WHERE n.is_changed) THEN
      RAISE EXCEPTION 'a counter was forgotten meanwhile' USING ERRCODE = 'serialization_failure';
    END IF;
    RETURN array_to_string(v_answers, ' ');
  END
  $count$;
`;
}
