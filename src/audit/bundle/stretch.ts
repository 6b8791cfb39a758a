import type { Sha256Text } from "../../crypto/digest.js";
import { readRecord } from "../read/read-record.js";
import { summariseRecord } from "../record/record-summary.js";
import type { AuditRecord } from "../record/types.js";
import type { BundleManifest } from "./manifest.js";

/** A line of a log, as far as a bundle's manifest goes. Nothing of it was verified. */
export interface SeenLine {
  /** `undefined` when the line is no record. It is evidence all the same. */
  readonly record: AuditRecord | undefined;
  /** The record's time, as it says; the same in milliseconds since the Unix epoch if it can be read. */
  readonly ts: string | undefined;
  readonly tsMs: number | undefined;
}

/** @returns `undefined` for a blank line, which readers pass over. */
export function lookAtLine(line: Buffer): SeenLine | undefined {
  if (line.every(isBlank)) return undefined;
  const record = readRecord(line);
  if (typeof record === "string") return { record: undefined, ts: undefined, tsMs: undefined };
  const { ts, tsMs } = summariseRecord(record.receipt);
  return { record, ts, tsMs };
}

/** What a manifest says of the records. */
export type Stretch = Pick<
  BundleManifest,
  "record_count" | "chain_start_prev_hash" | "chain_tip_record_hash" | "earliest_ts" | "latest_ts"
>;

/** Sums up the lines of a bundle, as the released CLI does. */
export class StretchTally {
  #count = 0;
  #start: Sha256Text | undefined;
  #tip: Sha256Text | undefined;
  #earliest: string | null = null;
  #latest: string | null = null;

  add({ record, ts }: SeenLine): void {
    this.#count += 1;
    if (record === undefined) return;
    this.#start ??= record.prev_hash;
    this.#tip = record.record_hash;
    if (ts === undefined) return;
    // By their texts.
    if (this.#earliest === null || ts < this.#earliest) this.#earliest = ts;
    if (this.#latest === null || ts > this.#latest) this.#latest = ts;
  }

  /** A line that could not be held. */
  addUnread(): void {
    this.#count += 1;
  }

  /** @returns `undefined` when not one line is a record. */
  finish(): Stretch | undefined {
    if (this.#start === undefined || this.#tip === undefined) return undefined;
    return {
      record_count: this.#count,
      chain_start_prev_hash: this.#start,
      chain_tip_record_hash: this.#tip,
      earliest_ts: this.#earliest,
      latest_ts: this.#latest,
    };
  }
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d;
}
