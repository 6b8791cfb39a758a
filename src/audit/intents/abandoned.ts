import type { JsonRecord } from "../../lib/json.js";
import type { RecordFile } from "../read/byte-source.js";
import type { GoneWriter, GoneWriters } from "./gone-writers.js";
import { endedIntent, intentId } from "./intent-ends.js";
import type { IntentPlace } from "./intent-journal.js";
import { readLines } from "../read/read-lines.js";
import { receiptOf } from "./unfinished.js";

/** An intent that a process had let through when it died, without an end in the log. */
export interface AbandonedIntent {
  readonly id: string;
  /** What the log has under this id, oldest first: the agent's receipt, unless somebody made it up. */
  readonly receipts: readonly JsonRecord[];
  /** What was noted by whoever let it through, to know it again. */
  readonly tags: readonly string[];
}

/** What processes that are gone left without an end. Until it is released nobody else can take it. */
export interface Abandoned {
  readonly intents: readonly AbandonedIntent[];
  /** A part of the log that could not be read: what is noted and was not found may be there. */
  readonly unread: string | undefined;
  /** @param ended - Ids of those that have their end now. The others stay for whoever starts next. */
  release(ended: ReadonlySet<string>): Promise<void>;
}

/**
 * Looks up in the log what gone processes had let through: some of it was never written, some has its end.
 *
 * @param files - Of the log, oldest first.
 */
export async function findAbandoned(gone: GoneWriters, files: readonly RecordFile[]): Promise<Abandoned> {
  const { writers } = gone;
  const places = new Map(writers.flatMap(({ open }) => [...open]));
  const { found, ended: over, unread } = await readOpen(places, files);
  const isDone = (id: string, ended: ReadonlySet<string>): boolean => {
    if (over.has(id) || ended.has(id)) return true;
    // What was noted and is not in the log was never written, if all of the log could be read.
    return !found.has(id) && unread === undefined;
  };
  return {
    intents: [...found].map(([id, receipts]) => ({ id, receipts, tags: tagsOf(id, writers) })),
    unread,
    release: async (ended) => {
      try {
        for (const writer of writers) {
          await writer.release(new Map([...writer.open].filter(([id]) => !isDone(id, ended))));
        }
      } finally {
        await gone.release();
      }
    },
  };
}

function tagsOf(id: string, writers: readonly GoneWriter[]): string[] {
  return writers.map(({ open }) => open.get(id)?.tag).filter((tag) => tag !== undefined);
}

/** Receipts of one id that are looked at. There is one, and another where a client wrote to the same log. */
const MOST_OF_AN_ID = 8;

interface Looked {
  /** Receipts without an end, by id. */
  readonly found: Map<string, JsonRecord[]>;
  readonly ended: Set<string>;
  readonly unread: string | undefined;
}

async function readOpen(
  places: ReadonlyMap<string, IntentPlace>,
  files: readonly RecordFile[],
): Promise<Looked> {
  const found = new Map<string, JsonRecord[]>();
  const ended = new Set<string>();
  let unread: string | undefined;
  if (places.size === 0) return { found, ended, unread };
  const first = [...places.values()].reduce((a, b) => (isBefore(b, a) ? b : a));
  for (const file of files) {
    const name = file.compressed ? file.name.slice(0, -".gz".length) : file.name;
    if (name < first.file) continue;
    const from = !file.compressed && name === first.file ? first.offset : 0;
    for await (const line of readLines(file, { from })) {
      if (line.kind !== "line") unread ??= `${file.name}:${line.number}`;
      const receipt = line.kind === "line" && line.terminated ? receiptOf(line.bytes) : undefined;
      if (receipt === undefined) continue;
      const id = intentId(receipt);
      if (id !== undefined && places.has(id) && !ended.has(id)) {
        const known = found.get(id);
        if (known === undefined) found.set(id, [receipt]);
        else if (known.length < MOST_OF_AN_ID) known.push(receipt);
      }
      const end = endedIntent(receipt);
      if (end === undefined || !places.has(end)) continue;
      ended.add(end);
      found.delete(end);
    }
  }
  return { found, ended, unread };
}

function isBefore(a: IntentPlace, b: IntentPlace): boolean {
  return a.file < b.file || (a.file === b.file && a.offset < b.offset);
}
