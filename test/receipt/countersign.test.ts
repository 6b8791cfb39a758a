import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { OptionError } from "../../src/errors.js";
import { parseTime } from "../../src/lib/time.js";
import {
  agentReceiptText,
  bilateralText,
  canonicalJson,
  checkBilateralReceipt,
  checkReceiptSignature,
  contentHash,
  countersignReceipt,
  importVerifyKey,
  paramsText,
  parseBilateralReceipt,
} from "../../src/receipt/index.js";
import type { CountersignInput, ReceiptV1, ReceiptV3 } from "../../src/receipt/index.js";
import { jsonValues } from "../support/json-values.js";
import {
  NOW_MS,
  fullReceiptV1,
  fullReceiptV4,
  now,
  receiptV1,
  receiptV3,
  receiptV4,
  root,
  server,
} from "./samples.js";
import { utf8 } from "../support/bytes.js";

const serverKey = importVerifyKey(server.publicKey);

function countersigned(changes: Partial<CountersignInput>, agentReceipt: ReceiptV1 = receiptV1()): ReceiptV3 {
  return now(
    countersignReceipt({
      signer: server,
      name: "file-server",
      agentReceipt,
      agentReceiptText: agentReceiptText(agentReceipt, paramsText(agentReceipt)).whole,
      contentHash: contentHash(null),
      respondedAtMs: NOW_MS,
      ...changes,
    }),
  );
}

describe("countersigning a call", () => {
  it("makes a receipt that parses and verifies, for any params and result", () => {
    fc.assert(
      fc.property(jsonValues(), jsonValues(), (params, result) => {
        const receipt = countersigned({ contentHash: contentHash(result) }, receiptV1({ params }));
        const sent: unknown = JSON.parse(JSON.stringify(receipt));
        const parsed = parseBilateralReceipt(sent);
        if (!parsed.ok) throw new TypeError(parsed.detail);
        expect(canonicalJson(parsed.value)).toBe(canonicalJson(sent));
        expect(checkReceiptSignature(parsed.value)).toEqual({ ok: true });
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ["v1", receiptV1()],
    ["v1 with every member", fullReceiptV1()],
    ["v4", receiptV4()],
    ["v4 with every member", fullReceiptV4()],
  ])("signs the receipt without id and sig, over %s", (_, agentReceipt) => {
    const receipt = receiptV3(agentReceipt);
    const { id: _id, sig: _sig, ...signed } = receipt;
    const whole = agentReceiptText(agentReceipt, paramsText(agentReceipt)).whole;
    expect(utf8(bilateralText(receipt, whole))).toBe(canonicalJson(signed));
    expect(checkBilateralReceipt(receipt, serverKey, whole)).toBe(true);
    expect(checkBilateralReceipt(receipt, importVerifyKey(root.publicKey), whole)).toBe(false);
  });

  it("does not cover extensions", () => {
    const receipt = { ...receiptV3(), extensions: { forged: true } };
    expect(checkReceiptSignature(receipt)).toEqual({ ok: true });
  });

  it("is never dated before the question, however far the agent's clock is ahead", () => {
    for (const aheadMs of [-5000, -1, 0, 1, 10_000]) {
      const receipt = countersigned({ respondedAtMs: NOW_MS - aheadMs });
      expect(parseTime(receipt.ts_response)).toBe(Math.max(NOW_MS, NOW_MS - aheadMs));
      expect(checkReceiptSignature(receipt)).toEqual({ ok: true });
    }
  });

  it("keeps the agent's time where that is finer than milliseconds", () => {
    const agentReceipt = { ...receiptV1(), ts: "2026-11-23T12:00:00.250999Z" };
    expect(countersigned({}, agentReceipt).ts_response).toBe("2026-11-23T12:00:00.250999Z");
    expect(countersigned({ respondedAtMs: NOW_MS + 1 }, agentReceipt).ts_response).toBe(
      "2026-11-23T12:00:00.251Z",
    );
  });

  it("covers the outcome", () => {
    const receipt = countersigned({ outcome: { status: "rejected", reason: "no" } });
    const response = { ...receipt.response, outcome: { status: "executed" } as const };
    expect(checkReceiptSignature({ ...receipt, response })).toMatchObject({ code: "bad_signature" });
  });

  it.each<[string, Partial<CountersignInput>]>([
    ["name", { name: "\ud800" }],
    ["contentHash", { contentHash: "sha256:00" }],
    ["outcome.error", { outcome: { status: "failed", error: "x".repeat(8193) } }],
    ["nonce", { nonce: "" }],
    ["respondedAtMs", { respondedAtMs: Number.NaN }],
    ["respondedAtMs", { respondedAtMs: 1.5 }],
  ])("does not sign what a verifier would refuse: %s", (option, changes) => {
    expect(() => countersigned(changes)).toThrow(OptionError);
    expect(() => countersigned(changes)).toThrow(expect.objectContaining({ option }));
  });
});

describe("checking a countersigned receipt by itself", () => {
  const receipt = receiptV3();

  it("finds a change in the agent's receipt, though the server signed over it", () => {
    const forged = { ...receiptV1(), nonce: "forged" };
    expect(checkReceiptSignature(countersigned({}, forged))).toMatchObject({ code: "bad_signature" });
  });

  it("finds an answer that is dated before the question", () => {
    const agentReceipt = { ...receipt.agent_receipt, ts: "2026-11-23T11:00:00.000Z" };
    // The text embeds the true receipt; only the time that the answer is compared with is wrong.
    const early = now(
      countersignReceipt({
        signer: server,
        name: "file-server",
        agentReceipt,
        agentReceiptText: agentReceiptText(receipt.agent_receipt, paramsText(receipt.agent_receipt)).whole,
        contentHash: contentHash(null),
        respondedAtMs: NOW_MS - 1000,
      }),
    );
    expect(checkReceiptSignature({ ...early, agent_receipt: receipt.agent_receipt })).toMatchObject({
      code: "bad_response",
    });
  });

  it("finds another server name, nonce, time or hash", () => {
    const changes = [
      { ...receipt, server: { ...receipt.server, name: "other" } },
      { ...receipt, nonce: "other" },
      { ...receipt, ts_response: "2026-11-23T13:00:00.000Z" },
      { ...receipt, response: { content_hash: receipt.response.content_hash } },
      { ...receipt, agent_receipt: receiptV1() },
    ];
    for (const changed of changes)
      expect(checkReceiptSignature(changed)).toMatchObject({ code: "bad_signature" });
  });
});
