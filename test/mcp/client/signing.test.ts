import { describe, expect, it } from "vitest";
import { canonicalJson } from "../../../src/crypto/canonical-json.js";
import { sha256Text } from "../../../src/crypto/digest.js";
import type { Signer } from "../../../src/crypto/signer.js";
import { checkReceiptSignature } from "../../../src/receipt/check.js";
import { agent, at, connect, lastOf, NOW_MS, RawTransport, receiptOf, resultFor, TARGET } from "./harness.js";

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Signs when told to. */
function heldSigner(): { signer: Signer; release: () => void; asked: () => number } {
  const waiting: (() => void)[] = [];
  const signer: Signer = {
    publicKey: agent.publicKey,
    sign: (message) =>
      new Promise((resolve) => {
        waiting.push(() => {
          resolve(agent.sign(message));
        });
      }),
  };
  return { signer, release: () => waiting.shift()?.(), asked: () => waiting.length };
}

describe("what leaves a signing transport", () => {
  it("carries a receipt that holds, for the tool, the arguments and the target", async () => {
    const { call } = connect();
    const receipt = receiptOf(await call(1, "create_issue", { title: "fix bug" }));
    expect(checkReceiptSignature(receipt)).toMatchObject({ ok: true });
    expect(receipt).toMatchObject({
      v: 1,
      action: { tool: "create_issue", params: { title: "fix bug" }, target: TARGET, transport: "http" },
      signer: { name: "bot", owner: "acme" },
      ts: new Date(NOW_MS).toISOString(),
    });
  });

  it("signs {} for a call without arguments, and sends none", async () => {
    const { transport, inner } = connect();
    await transport.send({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "ping" } });
    const request = lastOf(inner.sent);
    expect(receiptOf(request).action.params).toEqual({});
    expect(at(request, "params")).not.toHaveProperty("arguments");
  });

  it("signs another method with its params but not their _meta", async () => {
    const { transport, inner } = connect();
    const params = { taskId: "t1", _meta: { progressToken: 7 } };
    await transport.send({ jsonrpc: "2.0", id: 1, method: "tasks/result", params });
    const request = lastOf(inner.sent);
    expect(receiptOf(request).action).toMatchObject({ tool: "tasks/result", params: { taskId: "t1" } });
    expect(at(request, "params", "_meta", "progressToken")).toBe(7);
  });

  it("signs a covered method that has no params", async () => {
    const { transport, inner } = connect({ methods: ["tools/call", "resources/*"] });
    await transport.send({ jsonrpc: "2.0", id: 1, method: "resources/list" });
    expect(receiptOf(lastOf(inner.sent)).action).toMatchObject({ tool: "resources/list", params: {} });
  });

  it("leaves requests that `methods` does not cover as they are", async () => {
    const { transport, inner } = connect();
    const message = { jsonrpc: "2.0", id: 1, method: "tools/list" };
    await transport.send(message);
    expect(lastOf(inner.sent)).toBe(message);
  });

  it("hands on the options of a send", async () => {
    const { transport, inner } = connect();
    const options = { relatedRequestId: 3, headers: { "Mcp-Param-A": "1" } };
    await transport.send({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "a" } }, options);
    expect(lastOf(inner.sendOptions)).toBe(options);
  });

  it("does not change the caller's message", async () => {
    const { transport } = connect();
    const message = {
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: "a", arguments: { x: [1] }, _meta: { a: 1 } },
    };
    const before = structuredClone(message);
    await transport.send(message);
    expect(message).toEqual(before);
  });

  it("sends what was signed, even if the caller writes to the arguments afterwards", async () => {
    const { transport, inner } = connect();
    const params = { path: "a" };
    await transport.send({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: "rm", arguments: params },
    });
    params.path = "b";
    expect(at(lastOf(inner.sent), "params", "arguments")).toEqual({ path: "a" });
  });

  it("signs every leg of a call afresh, and replaces a receipt that the application put there", async () => {
    const { transport, inner, call } = connect();
    const first = receiptOf(await call(1));
    const _meta = { _signet: first, "dev.signet/receipt": first, mine: true };
    await transport.send({
      jsonrpc: "2.0",
      id: 2,
      method: "tools/call",
      params: { name: "echo", arguments: {}, _meta },
    });
    const request = lastOf(inner.sent);
    expect(receiptOf(request).nonce).not.toBe(first.nonce);
    expect(at(request, "params", "_meta")).toEqual({ mine: true, _signet: expect.anything() });
  });

  it("writes the name that follows MCP's rule when asked to", async () => {
    const { call } = connect({ metaKey: "dev.signet/receipt" });
    const meta = at(await call(1), "params", "_meta");
    expect(Object.keys(meta ?? {})).toEqual(["dev.signet/receipt"]);
  });

  it("tells only the hash of the arguments when asked to", async () => {
    const { call } = connect({ hashOnly: true });
    const request = await call(1, "echo", { secret: "s" });
    expect(receiptOf(request).action).toMatchObject({
      params: null,
      params_hash: sha256Text(canonicalJson({ secret: "s" })),
    });
    expect(at(request, "params", "arguments")).toEqual({ secret: "s" });
  });

  it("dates the end of a receipt when asked to", async () => {
    const { call } = connect({ exp: 1500 });
    expect(receiptOf(await call(1))).toMatchObject({ exp: new Date(NOW_MS + 1500).toISOString() });
  });

  it("keeps an own __proto__ in the arguments", async () => {
    const { transport, inner } = connect();
    const params: unknown = JSON.parse('{"name":"a","arguments":{"__proto__":{"x":1}}}');
    await transport.send({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
    const sent = JSON.stringify(at(lastOf(inner.sent), "params", "arguments"));
    expect(sent).toBe('{"__proto__":{"x":1}}');
    expect(receiptOf(lastOf(inner.sent)).action.params_hash).toBe(sha256Text(sent));
  });

  it("signs and sends what JSON makes of values that it does not have", async () => {
    const { call } = connect();
    const request = await call(1, "echo", { at: new Date(0), nothing: undefined });
    const expected = { at: "1970-01-01T00:00:00.000Z" };
    expect(at(request, "params", "arguments")).toEqual(expected);
    expect(receiptOf(request).action.params).toEqual(expected);
  });

  it("signs a message that is an instance of a class", async () => {
    class CallMessage {
      readonly jsonrpc = "2.0";
      readonly id = 1;
      readonly method = "tools/call";
      readonly params = { name: "a", arguments: { x: 1 } };
    }
    const inner = new RawTransport();
    const { transport } = connect({}, inner);
    await Reflect.apply(transport.send, transport, [new CallMessage()]);
    expect(receiptOf(lastOf(inner.sent)).action).toMatchObject({ tool: "a", params: { x: 1 } });
  });
});

describe("what cannot be signed", () => {
  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  const deep = JSON.parse(`${'{"a":'.repeat(200)}1${"}".repeat(200)}`) as never;

  it.each([
    ["NaN", { limit: Number.NaN }],
    ["an infinity", { limit: Number.POSITIVE_INFINITY }],
    ["an integer beyond 2^53", { id: 2 ** 53 }],
    ["a lone surrogate", { text: "\ud800" }],
    ["a lone surrogate in a key", { "\udc00": 1 }],
    ["a bigint", { id: 1n }],
    ["a cycle", cyclic],
    ["200 levels", deep],
  ])("answers a call with %s itself and sends nothing", async (_, params) => {
    const { transport, inner, received } = connect();
    await transport.send({
      jsonrpc: "2.0",
      id: 5,
      method: "tools/call",
      params: { name: "a", arguments: params },
    });
    await settled();
    expect(inner.sent).toEqual([]);
    expect(received).toEqual([
      {
        jsonrpc: "2.0",
        id: 5,
        error: {
          code: 1,
          message: expect.any(String),
          data: expect.objectContaining({ reason: "params_not_canonical" }),
        },
      },
    ]);
  });

  it.each([
    ["no name", {}],
    ["a name that is no text", { name: 5 }],
    ["a name of 2,000 characters", { name: "x".repeat(2000) }],
  ])("answers a call with %s itself", async (_, params) => {
    const { transport, inner, received } = connect();
    await transport.send({ jsonrpc: "2.0", id: 5, method: "tools/call", params });
    await settled();
    expect(inner.sent).toEqual([]);
    expect(at(received[0], "error", "data", "reason")).toBe("call_not_signable");
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("no token");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no token"))],
    ["gives another signature", () => new Uint8Array(64)],
  ])("answers a call itself when the signer %s, and reports the cause", async (_, sign) => {
    const signer: Signer = { publicKey: agent.publicKey, sign };
    const { transport, inner, received, errors } = connect({ identity: { signer, name: "bot" } });
    await transport.send({ jsonrpc: "2.0", id: 5, method: "tools/call", params: { name: "a" } });
    await settled();
    expect(inner.sent).toEqual([]);
    expect(at(received[0], "error", "data", "reason")).toBe("signer_failed");
    expect(errors).toEqual([expect.objectContaining({ name: "SignerError" })]);
  });

  it("refuses a batch with a request in it, and sends one without", async () => {
    const { transport, inner } = connect();
    const request = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "a" } };
    await expect(transport.send([request] as never)).rejects.toMatchObject({ code: "batch_not_signable" });
    await transport.send([{ jsonrpc: "2.0", method: "notifications/initialized" }] as never);
    expect(inner.sent).toHaveLength(1);
  });

  it("refuses a second request with the id of an open one, and takes it once that is answered", async () => {
    const { call, answer, received } = connect();
    const request = await call(1);
    await expect(call(1)).rejects.toMatchObject({ code: "duplicate_request" });
    answer(resultFor(request));
    expect(received).toHaveLength(1);
    await expect(call(1)).resolves.toBeDefined();
  });

  it("answers itself beyond 10,000 open requests", async () => {
    const { transport, inner, received } = connect();
    for (let id = 0; id <= 10_000; id++) void transport.send({ jsonrpc: "2.0", id, method: "tools/list" });
    await settled();
    expect(inner.sent).toHaveLength(10_000);
    expect(received.map((one) => [one["id"], at(one, "error", "data", "reason")])).toEqual([
      [10_000, "too_many_requests"],
    ]);
  });
});

describe("a signer that takes its time", () => {
  it("does not reorder requests, nor hold up what is not signed", async () => {
    const { signer, release } = heldSigner();
    const { transport, inner } = connect({ identity: { signer, name: "bot" } });
    const sends = [1, 2].map((id) =>
      transport.send({ jsonrpc: "2.0", id, method: "tools/call", params: { name: "a" } }),
    );
    await transport.send({ jsonrpc: "2.0", id: 3, method: "ping" });
    expect(inner.sent.map(({ id }) => id)).toEqual([3]);
    release();
    release();
    await Promise.all(sends);
    expect(inner.sent.map(({ id }) => id)).toEqual([3, 1, 2]);
  });

  it("does not reorder requests when it is faster later on", async () => {
    const waiting: (() => void)[] = [];
    const signer: Signer = {
      publicKey: agent.publicKey,
      sign: (message) =>
        waiting.length === 2
          ? agent.sign(message)
          : new Promise((resolve) => {
              waiting.push(() => {
                resolve(agent.sign(message));
              });
            }),
    };
    const { transport, inner } = connect({ identity: { signer, name: "bot" } });
    const sends = [1, 2, 3].map((id) =>
      transport.send({ jsonrpc: "2.0", id, method: "tools/call", params: { name: "a" } }),
    );
    for (const release of waiting.toReversed()) {
      release();
      await settled();
    }
    await Promise.all(sends);
    expect(inner.sent.map(({ id }) => id)).toEqual([1, 2, 3]);
  });

  it("sends neither a call that was cancelled meanwhile nor its cancellation", async () => {
    const { signer, release } = heldSigner();
    const { transport, inner } = connect({ identity: { signer, name: "bot" } });
    const sent = transport.send({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "a" } });
    await transport.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
    release();
    await sent;
    expect(inner.sent).toEqual([]);
  });

  it("sends nothing once the request was aborted or the transport is closed", async () => {
    const { signer, release, asked } = heldSigner();
    const { transport, inner } = connect({ identity: { signer, name: "bot" } });
    const aborted = new AbortController();
    const options = { requestSignal: aborted.signal };
    const first = transport.send(
      { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "a" } },
      options,
    );
    aborted.abort();
    const second = transport.send({ jsonrpc: "2.0", id: 2, method: "tools/call", params: { name: "a" } });
    expect(asked()).toBe(2);
    await transport.close();
    release();
    release();
    await Promise.all([first, second]);
    expect(inner.sent).toEqual([]);
  });

  it("drops an answer that comes before the question was sent", async () => {
    const { signer, release } = heldSigner();
    const { transport, received, errors, answer } = connect({ identity: { signer, name: "bot" } });
    const sent = transport.send({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "a" } });
    answer({ jsonrpc: "2.0", id: 1, result: { content: [] } });
    release();
    await sent;
    expect(received).toEqual([]);
    expect(errors).toEqual([expect.objectContaining({ code: "unexpected_answer" })]);
  });
});

describe("a send that fails", () => {
  it("rejects as the real transport does, and forgets the request", async () => {
    const inner = new RawTransport();
    inner.send = () => Promise.reject(new Error("HTTP 500"));
    const { transport, errors, answer } = connect({}, inner);
    const message = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "a" } };
    await expect(transport.send(message)).rejects.toThrow("HTTP 500");
    answer({ jsonrpc: "2.0", id: 1, result: {} });
    expect(errors).toEqual([expect.objectContaining({ code: "unexpected_answer" })]);
  });

  it("rejects, and does not throw, when the real transport throws", async () => {
    const inner = new RawTransport();
    inner.send = () => {
      throw new Error("closed");
    };
    const { transport } = connect({}, inner);
    await expect(transport.send({ jsonrpc: "2.0", id: 1, method: "ping" })).rejects.toThrow("closed");
  });
});
