import { describe, expect, it } from "vitest";

import { decryptParams, paramsKey } from "../../../src/audit/record/params-cipher.js";
import { canonicalJson } from "../../../src/crypto/canonical-json.js";
import type { Signer } from "../../../src/crypto/signer.js";
import { AuditLogError } from "../../../src/errors.js";
import { SigningTransport } from "../../../src/mcp/client/signing-transport.js";
import { checkReceiptSignature } from "../../../src/receipt/check.js";
import { parseReceipt } from "../../../src/receipt/parse.js";
import { agent, at, connect, lastOf, RawTransport, receiptOf, resultFor, TARGET } from "./harness.js";
import { HeldSink, settled } from "./held-sink.js";

const FULL = new AuditLogError("audit_full", "there is no room on the disk");

function held(): HeldSink {
  const sink = new HeldSink();
  sink.held = true;
  return sink;
}

function message(id: number): Record<string, unknown> {
  return { jsonrpc: "2.0", id, method: "tools/call", params: { name: "echo", arguments: { id } } };
}

function reasonOf(answer: unknown): unknown {
  return at(answer, "error", "data", "reason");
}

describe("a signed request of a transport with a log", () => {
  it("leaves once its receipt is on disk, and not before", async () => {
    const sink = held();
    const { transport, inner } = connect({ audit: sink });
    const sent = transport.send(message(1));
    await settled();
    expect(inner.sent).toEqual([]);
    expect(sink.records).toHaveLength(1);
    await sink.release();
    await sent;
    expect(canonicalJson(sink.records[0])).toBe(canonicalJson(receiptOf(lastOf(inner.sent))));
  });

  it("keeps its place among the others, while all of them share what the disk takes", async () => {
    const sink = held();
    const { transport, inner } = connect({ audit: sink });
    const sends = [1, 2, 3].map((id) => transport.send(message(id)));
    expect(sink.waiting).toBe(3);
    await sink.release(2);
    await sink.release(1);
    expect(inner.sent).toEqual([]);
    await sink.release();
    await Promise.all(sends);
    expect(inner.sent.map(({ id }) => id)).toEqual([1, 2, 3]);
    expect(sink.records.map((record) => at(record, "action", "params", "id"))).toEqual([1, 2, 3]);
  });

  it("does not hold up what is not signed, of which nothing is logged", async () => {
    const sink = held();
    const { transport, inner, answer, received } = connect({ audit: sink });
    void transport.send(message(1));
    await transport.send({ jsonrpc: "2.0", id: 2, method: "tools/list" });
    answer({ jsonrpc: "2.0", id: 2, result: {} });
    expect(inner.sent).toHaveLength(1);
    expect(received).toHaveLength(1);
    expect(sink.records).toHaveLength(1);
  });

  it.each<[string, unknown]>([
    ["the disk is full", FULL],
    ["the log fails in a way of its own", "no reason"],
  ])("is not sent when %s: the caller is told, and so is onerror", async (_, cause) => {
    const sink = held();
    const { transport, inner, received, errors } = connect({ audit: sink });
    const sent = transport.send(message(1));
    const later = transport.send(message(2));
    await sink.fail(cause);
    await sink.release();
    await Promise.all([sent, later]);
    expect(inner.sent.map(({ id }) => id)).toEqual([2]);
    expect(received).toMatchObject([{ id: 1, error: { code: 1, data: { reason: "audit_unavailable" } } }]);
    expect(at(received[0], "error", "data", "detail")).toMatch(/was not sent.*(audit_full|no reason)/);
    expect(errors).toHaveLength(1);
  });

  it("is not sent when the log throws", async () => {
    const sink = new HeldSink();
    sink.appendText = () => {
      throw FULL;
    };
    const { transport, inner, received } = connect({ audit: sink });
    await transport.send(message(1));
    await settled();
    expect(inner.sent).toEqual([]);
    expect(received.map(reasonOf)).toEqual(["audit_unavailable"]);
  });

  it("is not sent when a log would have no room for the countersignature of its answer", async () => {
    const sink = new HeldSink();
    const { inner, received, call, transport } = connect({ audit: sink });
    const params = { text: "x".repeat(8_300_000) };
    const request = { name: "echo", arguments: params };
    await transport.send({ jsonrpc: "2.0", id: 1, method: "tools/call", params: request });
    await settled();
    expect([inner.sent.length, sink.texts.length]).toEqual([0, 0]);
    expect(received.map(reasonOf)).toEqual(["audit_unavailable"]);
    await expect(call(2)).resolves.toBeDefined();
  });

  it("is not sent once it was cancelled while its receipt was being logged, and neither is the cancellation", async () => {
    const sink = held();
    const { transport, inner, received } = connect({ audit: sink });
    const sent = transport.send(message(1));
    await transport.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
    await sink.release();
    await sent;
    expect(inner.sent).toEqual([]);
    expect(received).toEqual([]);
  });

  it("is not sent once it was aborted, or the transport was closed, while its receipt was being logged", async () => {
    const sink = held();
    const { transport, inner } = connect({ audit: sink });
    const aborted = new AbortController();
    const first = transport.send(message(1), { requestSignal: aborted.signal });
    aborted.abort();
    const second = transport.send(message(2));
    await transport.close();
    await sink.release();
    await sink.release();
    await Promise.all([first, second]);
    expect(inner.sent).toEqual([]);
  });

  it.each(["cancelled", "closed", "send_failed", "not_sent"] as const)(
    "that has no answer is put on record as %s",
    async (why) => {
      const sink = why === "not_sent" ? held() : new HeldSink();
      const { transport, inner } = connect({ audit: sink });
      if (why === "send_failed") inner.send = () => Promise.reject(new Error("no way"));
      const sent = transport.send(message(1)).catch(() => undefined);
      if (why !== "not_sent") await sent;
      if (why === "closed") await transport.close();
      if (why === "cancelled" || why === "not_sent") {
        await transport.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
      }
      await sink.release();
      await sent;
      await settled();
      const intent_id = at(sink.records[0], "id");
      expect(sink.typed).toMatchObject([
        { type: "call_unanswered", intent_id, tool: "echo", target: TARGET, code: why },
      ]);
    },
  );

  it("is not logged if it was cancelled while it was being signed", async () => {
    const sink = new HeldSink();
    let release = (): void => undefined;
    const sign: Signer["sign"] = (bytes) =>
      new Promise((resolve) => {
        release = () => {
          resolve(agent.sign(bytes));
        };
      });
    const signer: Signer = { publicKey: agent.publicKey, sign };
    const { transport } = connect({ audit: sink, identity: { signer, name: "bot" } });
    const sent = transport.send(message(1));
    await transport.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
    release();
    await sent;
    expect(sink.texts).toEqual([]);
    expect(sink.typed).toEqual([]);
  });

  it("is logged with no more than the hash of its arguments when the receipt tells no more", async () => {
    const sink = new HeldSink();
    const { call, answer } = connect({ audit: sink, hashOnly: true });
    answer(resultFor(await call(1, "echo", { secret: "swordfish" })));
    await settled();
    expect(sink.records).toMatchObject([
      { v: 1, action: { params: null } },
      { v: 3, agent_receipt: { action: { params: null } } },
    ]);
    expect(Buffer.concat(sink.texts).includes("swordfish")).toBe(false);
  });

  it("is not logged if it resumes an earlier one: that one was", async () => {
    const sink = new HeldSink();
    const { transport, inner } = connect({ audit: sink });
    await transport.send(message(1), { resumptionToken: "e1" });
    expect([inner.sent.length, sink.texts.length]).toEqual([1, 0]);
  });

  it("is logged with an own __proto__ in its arguments", async () => {
    const sink = new HeldSink();
    const { transport } = connect({ audit: sink });
    const params: unknown = JSON.parse('{"name":"a","arguments":{"__proto__":{"x":1}}}');
    await transport.send({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
    expect(Buffer.concat(sink.texts).includes('"params":{"__proto__":{"x":1}}')).toBe(true);
  });
});

describe("arguments that are encrypted in the log", () => {
  const key = paramsKey(new Uint8Array(32).fill(1));

  it("are sent as they are, and are nowhere in the log, before the call or after it", async () => {
    const sink = new HeldSink();
    const { call, answer, received } = connect({ audit: sink, encryptParams: true });
    const request = await call(1, "echo", { secret: "swordfish" });
    expect(receiptOf(request).action.params).toEqual({ secret: "swordfish" });
    const response = resultFor(request);
    answer(response);
    await settled();
    expect(received).toEqual([response]);
    expect(sink.records).toMatchObject([
      { v: 1, action: { params_encrypted: { v: 1 } } },
      { v: 3, agent_receipt: { action: { params_encrypted: { v: 1 } } } },
    ]);
    expect(Buffer.concat(sink.texts).includes("swordfish")).toBe(false);
    for (const record of sink.records) {
      const parsed = parseReceipt(decryptParams(record, key));
      expect(parsed.ok && checkReceiptSignature(parsed.value)).toEqual({ ok: true });
    }
  });

  it("need a key in memory", () => {
    const sign: Signer["sign"] = (bytes) => agent.sign(bytes);
    const identity = { signer: { publicKey: agent.publicKey, sign }, name: "bot" };
    const options = { identity, target: TARGET, audit: new HeldSink(), encryptParams: true };
    expect(() => new SigningTransport(new RawTransport(), options)).toThrow(
      expect.objectContaining({ name: "OptionError", option: "options.encryptParams" }),
    );
  });
});
