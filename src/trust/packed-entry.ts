import type { EntryBatch } from "./batches.js";
import type { TrustEntry } from "./types.js";

/** One entry of a batch, unpacked when it is first asked for. */
export class PackedEntry {
  readonly #batch: EntryBatch;
  readonly #at: number;
  #entry: TrustEntry | undefined;

  /** @param at - Which entry of the batch, from 0. */
  constructor(batch: EntryBatch, at: number) {
    this.#batch = batch;
    this.#at = at;
  }

  /** The sum of `FLAGS` that are true of the entry. */
  get flags(): number {
    return this.#batch.flags[this.#at] ?? 0;
  }

  /** The line of the file that the entry begins in. */
  get line(): number {
    return this.#batch.lines[this.#at] ?? 0;
  }

  /** The entry, the same object every time, and frozen. */
  unpack(): TrustEntry {
    return (this.#entry ??= unpack(this.#batch, this.#at));
  }
}

function unpack({ bytes, ends }: EntryBatch, at: number): TrustEntry {
  const start = at === 0 ? 0 : ends[at - 1];
  const entry: TrustEntry = JSON.parse(new TextDecoder().decode(bytes.subarray(start, ends[at])));
  if (entry.tools !== undefined) Object.freeze(entry.tools);
  if (entry.targets !== undefined) Object.freeze(entry.targets);
  if (entry.limits !== undefined) Object.freeze(entry.limits);
  return Object.freeze(entry);
}
