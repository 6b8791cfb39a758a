import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import canonicalize from "canonicalize";

import type { JsonRecord } from "../../../src/lib/json.js";

export interface ChainRecord {
  readonly receipt: JsonRecord;
  readonly prev_hash: string;
  readonly record_hash: string;
}

export const GENESIS: string = `sha256:${"0".repeat(64)}`;

/** Reads a log as the wire format has it, with nothing of ours, and insists that its chain holds. */
export function readChain(dir: string): ChainRecord[] {
  const files = readdirSync(dir).filter((name) => name.endsWith(".jsonl"));
  const lines = files.sort().flatMap((name) => {
    const text = readFileSync(join(dir, name), "utf8");
    if (text !== "" && !text.endsWith("\n")) throw new Error(`${name} ends in a torn line`);
    return text.split("\n").slice(0, -1);
  });
  const records = lines.map((line) => JSON.parse(line) as ChainRecord);
  let prev = GENESIS;
  for (const { receipt, prev_hash, record_hash } of records) {
    const text = canonicalize({ prev_hash, receipt }) ?? "";
    const hash = `sha256:${createHash("sha256").update(text).digest("hex")}`;
    if (prev_hash !== prev) throw new Error(`a record is chained to ${prev_hash} instead of ${prev}`);
    if (record_hash !== hash) throw new Error(`a record says ${record_hash}, its hash is ${hash}`);
    prev = record_hash;
  }
  return records;
}
