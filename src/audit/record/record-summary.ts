import { isPlainObject, ownValue } from "../../lib/json.js";
import type { JsonRecord } from "../../lib/json.js";
import { parseTime } from "../../lib/time.js";

/** How many calls a record of kind `refusals` stands for. */
export interface RefusalCount {
  readonly code: string;
  readonly count: number;
  /** Name of the signer that was refused, where the record tells it. */
  readonly signer?: string;
}

/**
 * What a record says, in its own words: nothing here was verified. A member is `undefined` where the record says
 * nothing of it, or not as a text.
 */
export interface RecordSummary {
  /**
   * `intent` (v1, v4), `compound` (v2), `countersigned` (v3), the `type` of a record that has one, such as `refusals`,
   * or `unknown`.
   */
  readonly kind: string;
  readonly id: string | undefined;
  /** Of a countersigned receipt, the id of the agent's receipt in it. */
  readonly intentId: string | undefined;
  /** When it was signed: of a v2 the request's time, of a v3 the response's. */
  readonly ts: string | undefined;
  /** The same in milliseconds since the Unix epoch. */
  readonly tsMs: number | undefined;
  readonly tool: string | undefined;
  readonly target: string | undefined;
  /** Name of the agent. */
  readonly signer: string | undefined;
  readonly signerKey: string | undefined;
  /** Name of the server that countersigned. */
  readonly server: string | undefined;
  /** Status of the outcome; of a `policy_violation` what was decided. */
  readonly outcome: string | undefined;
  /** Why a call was refused, or what went wrong. */
  readonly code: string | undefined;
  /** Of a record of kind `refusals`; empty in all others. */
  readonly counts: readonly RefusalCount[];
}

/** Sums a record up. Total: whatever the receipt is, it never throws, and sees own members only. */
export function summariseRecord(receipt: JsonRecord): RecordSummary {
  const version = ownValue(receipt, "v");
  if (version === 1 || version === 4) return summariseIntent(receipt, "intent", "ts");
  if (version === 2) return { ...summariseIntent(receipt, "compound", "ts_request"), ...outcomeOf(receipt) };
  if (version === 3) return summariseCountersigned(receipt);
  const type = version === undefined ? textOf(receipt, "type") : undefined;
  return type === undefined ? summariseIntent(receipt, "unknown", "ts") : summariseTyped(receipt, type);
}

function summariseIntent(receipt: JsonRecord, kind: string, timeName: string): RecordSummary {
  const action = recordOf(receipt, "action");
  const signer = recordOf(receipt, "signer");
  return {
    kind,
    id: textOf(receipt, "id"),
    intentId: undefined,
    ...timeOf(receipt, timeName),
    tool: textOf(action, "tool"),
    target: textOf(action, "target"),
    signer: textOf(signer, "name"),
    signerKey: textOf(signer, "pubkey"),
    server: undefined,
    outcome: undefined,
    code: undefined,
    counts: NO_COUNTS,
  };
}

function summariseCountersigned(receipt: JsonRecord): RecordSummary {
  const agent = recordOf(receipt, "agent_receipt");
  return {
    ...summariseIntent(agent, "countersigned", "ts"),
    id: textOf(receipt, "id"),
    intentId: textOf(agent, "id"),
    ...timeOf(receipt, "ts_response"),
    server: textOf(recordOf(receipt, "server"), "name"),
    ...outcomeOf(receipt),
  };
}

function summariseTyped(receipt: JsonRecord, type: string): RecordSummary {
  const summary = summariseIntent(receipt, type, "ts");
  return {
    ...summary,
    tool: summary.tool ?? textOf(receipt, "tool"),
    target: summary.target ?? textOf(receipt, "target"),
    intentId: textOf(receipt, "intent_id"),
    // The released CLI writes the name alone, as `agent`, and what its policy decided.
    signer: summary.signer ?? textOf(receipt, "signer") ?? textOf(receipt, "agent"),
    server: textOf(recordOf(receipt, "server"), "name"),
    outcome: textOf(recordOf(receipt, "outcome"), "status") ?? textOf(receipt, "decision"),
    code: textOf(receipt, "code"),
    counts: type === "refusals" ? countsOf(receipt) : NO_COUNTS,
  };
}

function outcomeOf(receipt: JsonRecord): Pick<RecordSummary, "outcome" | "code"> {
  const outcome = recordOf(recordOf(receipt, "response"), "outcome");
  const status = textOf(outcome, "status");
  return { outcome: status, code: textOf(outcome, status === "failed" ? "error" : "reason") };
}

function countsOf(receipt: JsonRecord): readonly RefusalCount[] {
  const counts = ownValue(receipt, "counts");
  if (!Array.isArray(counts)) return NO_COUNTS;
  return counts.flatMap((entry: unknown) => {
    if (!isPlainObject(entry)) return [];
    const [code, count, signer] = [textOf(entry, "code"), ownValue(entry, "count"), textOf(entry, "signer")];
    if (code === undefined || typeof count !== "number") return [];
    return [signer === undefined ? { code, count } : { code, count, signer }];
  });
}

function timeOf(receipt: JsonRecord, name: string): Pick<RecordSummary, "ts" | "tsMs"> {
  const ts = textOf(receipt, name);
  return { ts, tsMs: parseTime(ts) };
}

function textOf(record: JsonRecord, name: string): string | undefined {
  const value = ownValue(record, name);
  return typeof value === "string" ? value : undefined;
}

function recordOf(record: JsonRecord, name: string): JsonRecord {
  const value = ownValue(record, name);
  return isPlainObject(value) ? value : NOTHING;
}

const NOTHING: JsonRecord = {};
const NO_COUNTS: readonly RefusalCount[] = [];
