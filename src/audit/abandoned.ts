import type { JsonRecord } from "../lib/json.js";
import type { RecordFile } from "./byte-source.js";
import type { GoneWriter } from "./gone-writers.js";
import { endedIntent, intentId } from "./intent-ends.js";
import type { IntentPlace } from "./intent-journal.js";
import { readLines } from "./read-lines.js";
import { receiptOf } from "./unfinished.js";

/** An intent that a process had let through when it died, without an end in the log. */
export interface AbandonedIntent {
  readonly id: string;
  /** The agent's receipt, as the log has it. */
  readonly receipt: JsonRecord;
}

/** What processes that are gone left without an end. Until it is released nobody else can take it. */
export interface Abandoned {
  readonly intents: readonly AbandonedIntent[];
  /** @param ended - Ids of those that have their end now. The others stay for whoever starts next. */
  release(ended: ReadonlySet<string>): Promise<void>;
}

/**
 * Looks up in the log what gone processes had let through: some of it was never written, some has its end.
 *
 * @param files - Of the log, oldest first.
 */
export async function findAbandoned(
  writers: readonly GoneWriter[],
  files: readonly RecordFile[],
): Promise<Abandoned> {
  const places = new Map(writers.flatMap(({ open }) => [...open]));
  const found = places.size === 0 ? new Map<string, JsonRecord>() : await readOpen(places, files);
  return {
    intents: [...found].map(([id, receipt]) => ({ id, receipt })),
    release: async (ended) => {
      for (const writer of writers) {
        await writer.release(new Map([...writer.open].filter(([id]) => found.has(id) && !ended.has(id))));
      }
    },
  };
}

async function readOpen(
  places: ReadonlyMap<string, IntentPlace>,
  files: readonly RecordFile[],
): Promise<Map<string, JsonRecord>> {
  const first = [...places.values()].reduce((a, b) => (isBefore(b, a) ? b : a));
  const found = new Map<string, JsonRecord>();
  for (const file of files) {
    const name = file.compressed ? file.name.slice(0, -".gz".length) : file.name;
    if (name < first.file) continue;
    const from = !file.compressed && name === first.file ? first.offset : 0;
    for await (const line of readLines(file, { from })) {
      const receipt = line.kind === "line" && line.terminated ? receiptOf(line.bytes) : undefined;
      if (receipt === undefined) continue;
      const id = intentId(receipt);
      if (id !== undefined && places.has(id)) found.set(id, receipt);
      const ended = endedIntent(receipt);
      if (ended !== undefined) found.delete(ended);
    }
  }
  return found;
}

function isBefore(a: IntentPlace, b: IntentPlace): boolean {
  return a.file < b.file || (a.file === b.file && a.offset < b.offset);
}
