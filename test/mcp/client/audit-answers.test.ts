import { describe, expect, it } from "vitest";

import { canonicalJson } from "../../../src/crypto/canonical-json.js";
import { AuditLogError } from "../../../src/errors.js";
import type { JsonRecord } from "../../../src/lib/json.js";
import { agentReceiptText, paramsText } from "../../../src/receipt/agent-text.js";
import { contentHash } from "../../../src/receipt/content-hash.js";
import { createCountersigner } from "../../../src/receipt/countersign.js";
import {
  at,
  connect,
  countersign,
  errorFor,
  NOW_MS,
  receiptOf,
  RESULT,
  resultFor,
  stranger,
} from "./harness.js";
import type { Connected } from "./harness.js";
import { HeldSink, settled } from "./held-sink.js";

const FULL = new AuditLogError("audit_full", "there is no room on the disk");
const PROGRESS = { jsonrpc: "2.0", method: "notifications/progress", params: {} };

/** A transport that has sent a call, and a log that is held from then on. */
async function called(
  options: Parameters<typeof connect>[0] = {},
): Promise<Connected & { readonly sink: HeldSink; readonly request: JsonRecord }> {
  const sink = new HeldSink();
  const connected = connect({ audit: sink, ...options });
  const request = await connected.call(1);
  sink.held = true;
  return { ...connected, sink, request };
}

function detailOf(answer: unknown): unknown {
  return at(answer, "error", "data", "detail");
}

describe("an answer that holds, with a log", () => {
  it("is handed on, and told, once its countersignature is on disk and not before", async () => {
    const { sink, request, answer, received, events } = await called();
    const response = resultFor(request);
    answer(response);
    await settled();
    expect([received, events]).toEqual([[], []]);
    await sink.release();
    expect(received).toEqual([response]);
    expect(events).toMatchObject([{ response, verified: true }]);
    const countersignature = at(response, "result", "_meta", "_signet_bilateral");
    expect(sink.records.map((record) => canonicalJson(record))).toEqual(
      [receiptOf(request), countersignature].map((receipt) => canonicalJson(receipt)),
    );
  });

  it("holds up what comes after it, and what came before it is gone already", async () => {
    const { sink, request, answer, received, transport } = await called();
    await transport.send({ jsonrpc: "2.0", id: 2, method: "tools/list" });
    answer({ ...PROGRESS, params: { progress: 1 } });
    answer(resultFor(request));
    answer({ ...PROGRESS, params: { progress: 2 } });
    answer({ jsonrpc: "2.0", id: 2, result: {} });
    answer({ jsonrpc: "2.0", id: 1, method: "ping" });
    expect(received).toMatchObject([{ params: { progress: 1 } }]);
    await sink.release();
    expect(received.slice(1)).toMatchObject([
      { result: RESULT },
      { params: { progress: 2 } },
      { id: 2 },
      { method: "ping" },
    ]);
    answer({ jsonrpc: "2.0", id: 3, method: "ping" });
    expect(received).toHaveLength(6);
  });

  it("keeps its place among answers that are on disk before it", async () => {
    const { sink, request, answer, received, call } = await called();
    sink.held = false;
    const second = await call(2);
    sink.held = true;
    answer(resultFor(request));
    answer(resultFor(second));
    expect(sink.waiting).toBe(2);
    await sink.release(1);
    expect(received).toEqual([]);
    await sink.release();
    expect(received.map(({ id }) => id)).toEqual([1, 2]);
  });

  it("is withheld when that fails: the caller learns that the call has run, and onerror the cause", async () => {
    const { sink, request, answer, received, events, errors } = await called();
    answer(resultFor(request, { content: [{ type: "text", text: "the result" }] }));
    await sink.fail(FULL);
    expect(received).toMatchObject([{ id: 1, error: { code: 1, data: { reason: "audit_unavailable" } } }]);
    expect(detailOf(received[0])).toMatch(/the call has run, and its answer was withheld.*audit_full/);
    expect(JSON.stringify(received)).not.toContain("the result");
    expect(events).toMatchObject([{ verified: true, reason: "audit_unavailable" }]);
    expect(errors).toEqual([FULL]);
  });

  it("is not said to be of a call that has run when the server signed that it refused it", async () => {
    const { sink, request, answer, received } = await called();
    const outcome = { status: "rejected" as const, reason: "policy_denied" };
    answer(errorFor(request, { code: -32602, message: "no" }, { outcome }));
    await sink.fail(FULL);
    expect(detailOf(received[0])).toMatch(/the server has refused the call, and its answer was withheld/);
  });

  it("is logged without what is outside its countersignature's signature", async () => {
    const { sink, request, answer } = await called();
    const countersignature = {
      ...countersign(request, contentHash(RESULT)),
      extensions: { note: "unsigned" },
    };
    answer({ jsonrpc: "2.0", id: 1, result: { ...RESULT, _meta: { _signet_bilateral: countersignature } } });
    expect(sink.records[1]).toMatchObject({ v: 3, id: countersignature.id });
    expect(sink.records[1]).not.toHaveProperty("extensions");
  });

  it("is handed on without its countersignature when asked to, which is in the log all the same", async () => {
    const { sink, request, answer, received } = await called({ stripCountersignature: true });
    answer(resultFor(request));
    await sink.release();
    expect(received).toEqual([{ jsonrpc: "2.0", id: 1, result: RESULT }]);
    expect(sink.records[1]).toMatchObject({ v: 3 });
  });

  it("is told but not handed on when the connection ends meanwhile, and the next one does not wait for it", async () => {
    const { sink, request, answer, received, events, transport } = await called();
    answer(resultFor(request));
    answer({ ...PROGRESS, params: { progress: 1 } });
    await transport.close();
    answer({ ...PROGRESS, params: { progress: 2 } });
    expect(received).toMatchObject([{ params: { progress: 2 } }]);
    await sink.release();
    expect(received).toHaveLength(1);
    expect(events).toMatchObject([{ verified: true }]);
  });

  it("goes to onerror with what the client throws at it: nobody else is there to hear it", async () => {
    const { sink, request, answer, errors, transport } = await called();
    const fault = new Error("a client's fault");
    transport.onmessage = () => {
      throw fault;
    };
    answer(resultFor(request));
    await sink.release();
    expect(errors).toEqual([fault]);
  });

  it("does not close a log that was passed in", async () => {
    const { sink, transport } = await called();
    const closed = transport.close();
    await settled();
    await sink.release();
    await closed;
    expect(sink.closed).toBe(0);
    expect(sink.typed).toMatchObject([{ type: "call_unanswered", code: "closed" }]);
  });
});

describe("an answer that does not hold, with a log", () => {
  it("leaves a record that says why, and neither its content nor its countersignature", async () => {
    const { sink, request, answer, received, events } = await called();
    const forged = { content: [{ type: "text", text: "forged" }] };
    answer(resultFor(request, forged, { signer: stranger }));
    expect(received).toEqual([]);
    await sink.release();
    expect(received).toMatchObject([{ error: { data: { reason: "untrusted_server" } } }]);
    expect(events).toMatchObject([{ verified: false, reason: "untrusted_server" }]);
    expect(sink.typed).toEqual([
      {
        type: "answer_refused",
        ts: new Date(NOW_MS).toISOString(),
        intent_id: receiptOf(request).id,
        tool: "echo",
        target: "mcp://github",
        code: "untrusted_server",
        detail: detailOf(received[0]),
      },
    ]);
    expect(sink.records).toHaveLength(1);
  });

  it("leaves a short record, however much was sent", async () => {
    const { sink, answer } = await called();
    const flood = "\ud83d\ude00".repeat(500_000);
    const error = {
      code: 5,
      message: flood,
      data: { reason: flood, _signet_bilateral: { v: 3, [flood]: 1 } },
    };
    answer({ jsonrpc: "2.0", id: 1, error });
    expect(canonicalJson(sink.typed[0]).length).toBeLessThan(1000);
  });

  it("leaves a record that can be written, whatever the name of the tool that was resumed", async () => {
    const { sink, answer, transport } = await called();
    const params = { name: "\ud83d\ude00".repeat(5000).slice(1), arguments: {} };
    const request = { jsonrpc: "2.0", id: 7, method: "tools/call", params };
    await transport.send(request, { resumptionToken: "e1" });
    answer({ jsonrpc: "2.0", id: 7, result: {} });
    expect(sink.typed).toMatchObject([{ code: "countersignature_missing", target: "mcp://github" }]);
    expect(sink.typed[0]).not.toHaveProperty("intent_id");
    expect(canonicalJson(sink.typed[0]).length).toBeLessThan(2000);
  });

  it("is refused for its own reason also when that record cannot be written, of which onerror hears", async () => {
    const { sink, answer, received, errors } = await called();
    answer({ jsonrpc: "2.0", id: 1, result: {} });
    await sink.fail(FULL);
    expect(received).toMatchObject([{ error: { data: { reason: "countersignature_missing" } } }]);
    expect(errors).toEqual([FULL]);
  });
});

describe("an answer where no servers are named, with a log", () => {
  const unchecked = { servers: undefined };

  it("has its countersignature logged if that holds under its own key", async () => {
    const { sink, request, answer, received, events } = await called(unchecked);
    const response = resultFor(request, RESULT, { signer: stranger });
    answer(response);
    expect(received).toEqual([]);
    await sink.release();
    expect(received).toEqual([response]);
    expect(events).toMatchObject([{ verified: false, countersignature: { v: 3 } }]);
    expect(sink.records[1]).toMatchObject({ v: 3, agent_receipt: { id: receiptOf(request).id } });
  });

  it.each<[string, (request: JsonRecord, other: JsonRecord) => unknown]>([
    ["none", () => undefined],
    ["one that is malformed", () => ({ v: 3 })],
    [
      "one over the receipt of another call",
      (request, other) => countersign(request, contentHash(RESULT), { receiptOf: other }),
    ],
    ["one over another answer", (request) => countersign(request, contentHash({}))],
    ["one that was changed", (request) => ({ ...countersign(request, contentHash(RESULT)), nonce: "rnd_0" })],
    [
      "one of a key of small order",
      (request) => {
        const made = countersign(request, contentHash(RESULT));
        const pubkey = `ed25519:${Buffer.alloc(32).toString("base64")}`;
        return { ...made, server: { ...made.server, pubkey } };
      },
    ],
    [
      "one dated before the call",
      (request) => {
        const { response, nonce, agent_receipt: receipt } = countersign(request, contentHash(RESULT));
        const claim = { response, nonce, ts_response: "2026-11-23T11:59:59.999Z" };
        const text = agentReceiptText(receipt, paramsText(receipt)).whole;
        return createCountersigner({ signer: stranger, name: "s" })(receipt, text, claim);
      },
    ],
  ])("is handed on at once with %s, and nothing of it is logged", async (_, make) => {
    const { sink, request, answer, received, call, events } = await called(unchecked);
    sink.held = false;
    const other = await call(2);
    sink.held = true;
    const made = make(request, other);
    const meta = made === undefined ? {} : { _meta: { _signet_bilateral: made } };
    answer({ jsonrpc: "2.0", id: 1, result: { ...RESULT, ...meta } });
    expect(received).toMatchObject([{ result: RESULT }]);
    expect(events).toHaveLength(1);
    expect([sink.records.length, sink.typed.length]).toEqual([2, 0]);
  });

  it("is withheld when its countersignature cannot be logged", async () => {
    const { sink, request, answer, received } = await called(unchecked);
    answer(resultFor(request));
    await sink.fail(FULL);
    expect(received).toMatchObject([{ error: { data: { reason: "audit_unavailable" } } }]);
  });
});
