import { readFileSync, readdirSync } from "node:fs";

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { summariseRecord } from "../../src/audit/record/record-summary.js";
import type { JsonRecord } from "../../src/lib/json.js";
import { answered, intent } from "./support/sample-log.js";

const json = (value: object): JsonRecord => JSON.parse(JSON.stringify(value)) as JsonRecord;

describe("a summary", () => {
  it("of an intent names who called what, and when", () => {
    const receipt = intent(1);
    expect(summariseRecord(json(receipt))).toEqual({
      kind: "intent",
      id: receipt.id,
      intentId: undefined,
      ts: receipt.ts,
      tsMs: Date.parse(receipt.ts),
      tool: "read_file",
      target: "mcp://files",
      signer: "alice",
      signerKey: receipt.signer.pubkey,
      server: undefined,
      outcome: undefined,
      code: undefined,
      counts: [],
    });
  });

  it.each([
    [{ status: "executed" }, undefined],
    [{ status: "rejected", reason: "replayed" }, "replayed"],
    [{ status: "failed", error: "cancelled" }, "cancelled"],
  ] as const)("of a countersigned receipt tells how it ended: %o", (outcome, code) => {
    const receipt = answered(intent(1), { outcome });
    expect(summariseRecord(json(receipt))).toMatchObject({
      kind: "countersigned",
      id: receipt.id,
      intentId: receipt.agent_receipt.id,
      ts: receipt.ts_response,
      tool: "read_file",
      signer: "alice",
      server: "files",
      outcome: outcome.status,
      code,
    });
  });

  it("of what has a type tells the type, its code and its counts", () => {
    const counts = [
      { code: "unsigned", count: 2 },
      { code: "replayed", count: 1, signer: "alice" },
      7,
      { code: 1 },
    ];
    const record = { type: "refusals", ts: "2026-11-10T12:00:00Z", counts };
    expect(summariseRecord(record)).toMatchObject({ kind: "refusals", counts: counts.slice(0, 2) });
    expect(
      summariseRecord({ type: "countersign_failed", code: "signer_failed", intent_id: "rec_1" }),
    ).toMatchObject({
      kind: "countersign_failed",
      code: "signer_failed",
      intentId: "rec_1",
    });
  });

  it("of a policy's violation has the agent's name and what was decided", () => {
    const name = "test/vectors/home/audit/2026-03-04.jsonl";
    const [, line = ""] = readFileSync(name, "utf8").split("\n");
    const { receipt } = JSON.parse(line) as { receipt: JsonRecord };
    expect(summariseRecord(receipt)).toMatchObject({
      kind: "policy_violation",
      signer: "plain-bot",
      outcome: "deny",
      tool: "Bash",
    });
  });

  it("of the golden receipts knows their kind", () => {
    const dir = "test/vectors/receipts/signet-0.11";
    for (const name of readdirSync(dir).filter((file) => /^v\d/.test(file) && !file.includes(".result"))) {
      const receipt = JSON.parse(readFileSync(`${dir}/${name}`, "utf8")) as JsonRecord;
      const kind = { "1": "intent", "2": "compound", "3": "countersigned", "4": "intent" }[name[1] ?? ""];
      expect(summariseRecord(receipt).kind).toBe(kind);
    }
  });

  it("never throws, and sees own members only", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (record) => void summariseRecord(record)),
    );
    const inherited = Object.create({ v: 1, id: "rec_1" }) as JsonRecord;
    expect(summariseRecord(inherited)).toMatchObject({ kind: "unknown", id: undefined });
    expect(summariseRecord({ v: 3, agent_receipt: [], response: 1, server: null })).toMatchObject({
      signer: undefined,
    });
  });
});
