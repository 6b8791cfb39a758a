import type { AuditPlace } from "../../errors.js";
import { isPlainObject, ownValue } from "../../lib/json.js";
import type { JsonRecord } from "../../lib/json.js";
import type { RecordFile } from "../read/byte-source.js";
import { endedIntent, intentId } from "./intent-ends.js";
import { readLines } from "../read/read-lines.js";
import { parseLine } from "../read/read-record.js";
import { summariseRecord } from "../record/record-summary.js";

/** A call that was let through, or sent, and of which the log does not say how it ended. */
export interface UnfinishedIntent {
  /** Of the agent's receipt. */
  readonly id: string;
  readonly place: AuditPlace;
  readonly ts: string | undefined;
  readonly tool: string | undefined;
  readonly target: string | undefined;
  readonly signer: string | undefined;
  /**
   * `live`: the server that let it through runs and may end it yet. `gone`: it does not run any more; the next one that
   * starts on this log ends it. `unknown`: no server let it through, as with calls that a client logged, or nothing tells any
   * more; in a log that was opened for reading only it is always this.
   */
  readonly state: "live" | "gone" | "unknown";
}

/** Whose intents are whose, as the journals beside the log say. */
export interface IntentOwners {
  readonly live: ReadonlySet<string>;
  readonly gone: ReadonlySet<string>;
}

/** Lists the intents of a log that have no end, in its order. Reads all of it; what takes memory is what has no end. */
export async function listUnfinished(
  files: readonly RecordFile[],
  { live, gone }: IntentOwners,
): Promise<UnfinishedIntent[]> {
  const open = new Map<string, UnfinishedIntent>();
  for (const file of files) {
    for await (const line of readLines(file)) {
      const receipt = line.kind === "line" && line.terminated ? receiptOf(line.bytes) : undefined;
      if (receipt === undefined) continue;
      const ended = endedIntent(receipt) ?? unansweredCall(receipt);
      if (ended !== undefined) open.delete(ended);
      const id = intentId(receipt);
      if (id === undefined || open.has(id)) continue;
      const { ts, tool, target, signer } = summariseRecord(receipt);
      const state = live.has(id) ? "live" : gone.has(id) ? "gone" : "unknown";
      open.set(id, { id, place: { file: file.name, line: line.number }, ts, tool, target, signer, state });
    }
  }
  return [...open.values()];
}

const CLIENT_ENDS: readonly unknown[] = ["answer_refused", "call_unanswered"];

/** The id of a call that has no answer at its client. Its server may have an end of its own for it. */
function unansweredCall(receipt: JsonRecord): string | undefined {
  const id = CLIENT_ENDS.includes(ownValue(receipt, "type")) ? ownValue(receipt, "intent_id") : undefined;
  return typeof id === "string" ? id : undefined;
}

/** The receipt of a line; `undefined` if it is no record. */
export function receiptOf(line: Buffer): JsonRecord | undefined {
  const record = parseLine(line);
  const receipt = isPlainObject(record) ? ownValue(record, "receipt") : undefined;
  return isPlainObject(receipt) ? receipt : undefined;
}
