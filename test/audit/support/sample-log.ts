import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import canonicalize from "canonicalize";

import type { JsonRecord } from "../../../src/lib/json.js";
import { agentReceiptText, paramsText } from "../../../src/receipt/agent-text.js";
import { contentHash } from "../../../src/receipt/content-hash.js";
import { countersignReceipt } from "../../../src/receipt/countersign.js";
import { signReceipt } from "../../../src/receipt/sign.js";
import type { ReceiptInput } from "../../../src/receipt/sign.js";
import type { AgentReceipt, Outcome, ReceiptV1, ReceiptV3 } from "../../../src/receipt/types.js";
import { testIdentity } from "../../../src/testing/fixtures.js";
import type { TestIdentity } from "../../../src/testing/fixtures.js";
import { GENESIS } from "./chain.js";

export const ALICE: TestIdentity = testIdentity("alice");
export const SERVER: TestIdentity = testIdentity("files");
export const TARGET = "mcp://files";
/** When the first record of a sample is signed: 2026-11-10, noon. */
export const NOON_MS: number = Date.UTC(2026, 10, 10, 12);

/** An intent of alice's, `n` seconds after noon. */
export function intent(n: number, input: Partial<ReceiptInput> = {}): ReceiptV1 {
  return at(
    signReceipt({
      signer: ALICE.signer,
      name: ALICE.name,
      owner: ALICE.owner,
      tool: "read_file",
      target: TARGET,
      transport: "test",
      ...(input.paramsHash === undefined ? { params: { path: `/file/${n}` } } : {}),
      issuedAtMs: NOON_MS + n * 1000,
      ...input,
    }),
  );
}

/** The server's countersignature, 10 ms after the intent. */
export function answered(
  receipt: AgentReceipt,
  input: { readonly server?: TestIdentity; readonly outcome?: Outcome; readonly text?: Uint8Array } = {},
): ReceiptV3 {
  const { server = SERVER, outcome = { status: "executed" } } = input;
  return at(
    countersignReceipt({
      signer: server.signer,
      name: server.name,
      agentReceipt: receipt,
      agentReceiptText: input.text ?? agentReceiptText(receipt, paramsText(receipt)).whole,
      contentHash: contentHash({ content: [] }),
      outcome,
      respondedAtMs: Date.parse(receipt.ts) + 10,
    }),
  );
}

/** A record with a type. */
export function note(n: number): JsonRecord {
  return {
    type: "refusals",
    ts: new Date(NOON_MS + n * 1000).toISOString(),
    counts: [{ code: "unsigned", count: n }],
  };
}

/** Intents, their answers and a note, in turns. */
export function mixed(count: number): JsonRecord[] {
  const receipts: object[] = [];
  for (let n = 1; receipts.length < count; n++) {
    const receipt = intent(n);
    receipts.push(receipt, answered(receipt));
    if (n % 3 === 0) receipts.push(note(n));
  }
  return receipts.slice(0, count) as JsonRecord[];
}

export interface ChainedLine {
  /** Without its end. */
  readonly text: string;
  readonly hash: string;
}

/** Chains receipts: the lines of a log, in the layout that all implementations write. */
export function chain(receipts: readonly object[], start: string = GENESIS): ChainedLine[] {
  let prev = start;
  return receipts.map((receipt) => {
    const text = canonicalize(receipt) ?? "";
    const hash = hashOf(receipt, prev);
    const line = { text: `{"receipt":${text},"prev_hash":"${prev}","record_hash":"${hash}"}`, hash };
    prev = hash;
    return line;
  });
}

export function hashOf(receipt: object, prev: string): string {
  const text = canonicalize({ prev_hash: prev, receipt }) ?? "";
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}

export function textOf(lines: readonly (ChainedLine | string)[]): string {
  return lines.map((line) => `${typeof line === "string" ? line : line.text}\n`).join("");
}

/** Writes days of a log, of one chain. @returns the lines of each. */
export function writeDays(
  dir: string,
  days: { readonly [day: string]: readonly object[] },
  start?: string,
): { readonly [day: string]: ChainedLine[] } {
  const written: { [day: string]: ChainedLine[] } = {};
  let prev = start;
  for (const [day, receipts] of Object.entries(days)) {
    const lines = chain(receipts, prev);
    prev = lines.at(-1)?.hash ?? prev;
    writeFileSync(join(dir, `${day}.jsonl`), textOf(lines));
    written[day] = lines;
  }
  return written;
}

function at<T>(value: T | Promise<T>): T {
  if (value instanceof Promise) throw new Error("a local signer is synchronous");
  return value;
}
