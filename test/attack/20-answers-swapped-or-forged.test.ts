/** Guard, section 5, 20: answers swapped, countersigned by somebody else, or altered after countersigning. */
import { describe, expect, it } from "vitest";
import type { JsonRecord } from "../../src/lib/json.js";
import type { Connected } from "../mcp/client/harness.js";
import {
  agent,
  at,
  connect,
  countersign,
  errorFor,
  NOW_MS,
  receiptOf,
  registryText,
  RESULT,
  resultFor,
  server,
  stranger,
  testSigner,
} from "../mcp/client/harness.js";
import { sha256Text } from "../../src/crypto/digest.js";
import { formatPublicKey, formatSignature } from "../../src/crypto/key-text.js";
import { agentReceiptText, paramsText } from "../../src/receipt/agent-text.js";
import { artifactId } from "../../src/receipt/artifact-id.js";
import { contentHash } from "../../src/receipt/content-hash.js";
import { bilateralText } from "../../src/receipt/response-text.js";
import { signReceipt } from "../../src/receipt/sign.js";
import { parseTrustRegistry } from "../../src/trust/parse.js";

const trusted = parseTrustRegistry(registryText(), { requireAgents: false });

/** Expects that the one answer was refused for a reason, and that nothing of it reached the caller. */
function expectRefused({ received, errors, events }: Connected, reason: string): void {
  expect(received).toHaveLength(1);
  expect(at(received[0], "error", "code")).toBe(1);
  expect(at(received[0], "error", "data", "reason")).toBe(reason);
  expect(received[0]).not.toHaveProperty("result");
  expect(events.at(-1)).toMatchObject({ verified: false, reason });
  expect(errors).toEqual([]);
}

/** Changes the wire text of a countersigned answer to call 1. */
async function tampered(change: (response: JsonRecord) => unknown): Promise<Connected> {
  const client = connect({ servers: trusted });
  const response = structuredClone(resultFor(await client.call(1)));
  client.answer(change(response) ?? response);
  return client;
}

function withResult(response: JsonRecord, members: JsonRecord): JsonRecord {
  return { ...response, result: Object.assign({}, response["result"], members) };
}

function bilateralOf(response: JsonRecord): JsonRecord {
  const found = at(response, "result", "_meta", "_signet_bilateral");
  return Object.assign(found ?? {});
}

describe("an answer to one call presented as the answer to another", () => {
  it("is refused though everything in it is genuine", async () => {
    const client = connect({ servers: trusted });
    const harmless = await client.call(1, "read", { path: "a" });
    await client.call(2, "read", { path: "b" });
    client.answer({ ...resultFor(harmless), id: 2 });
    expectRefused(client, "receipt_mismatch");
  });

  it("is refused for two calls of the same tool with the same arguments in the same millisecond", async () => {
    const client = connect({ servers: trusted });
    const first = await client.call(1);
    await client.call(2);
    client.answer({ ...resultFor(first), id: 2 });
    expectRefused(client, "receipt_mismatch");
  });

  it("is refused when it is an old answer that comes again", async () => {
    const earlier = connect({ servers: trusted });
    const old = resultFor(await earlier.call(1));
    const client = connect({ servers: trusted });
    await client.call(1);
    client.answer(old);
    expectRefused(client, "receipt_mismatch");
  });

  it("is refused when it is countersigned over the same call signed by another agent", async () => {
    const other = connect({ servers: trusted, identity: { signer: stranger, name: "bot" } });
    const foreign = await other.call(1);
    const client = connect({ servers: trusted });
    client.answer(resultFor(await client.call(1), RESULT, { receiptOf: foreign }));
    expectRefused(client, "receipt_mismatch");
  });

  it("is refused when it is countersigned over another receipt of ours for the same intent", async () => {
    const client = connect({ servers: trusted });
    const request = await client.call(1);
    const { tool, params, target, transport } = receiptOf(request).action;
    const action = { tool, params, target, transport, issuedAtMs: NOW_MS };
    const twin = await signReceipt({ signer: agent, name: "bot", owner: "acme", ...action });
    const receiptOfTwin = { ...request, params: { _meta: { _signet: twin } } };
    client.answer(resultFor(request, RESULT, { receiptOf: receiptOfTwin }));
    expectRefused(client, "receipt_mismatch");
  });

  it("is refused when an error is swapped", async () => {
    const client = connect({ servers: trusted });
    const failed = await client.call(1);
    await client.call(2);
    client.answer({ ...errorFor(failed, { code: -32602, message: "no" }), id: 2 });
    expectRefused(client, "receipt_mismatch");
  });
});

describe("a countersignature by somebody else", () => {
  it("is refused by a key that nobody lists", async () => {
    const client = connect({ servers: trusted });
    client.answer(resultFor(await client.call(1), RESULT, { signer: stranger }));
    expectRefused(client, "untrusted_server");
  });

  it("is refused by the agent's own key", async () => {
    const client = connect({ servers: trusted });
    client.answer(resultFor(await client.call(1), RESULT, { signer: agent }));
    expectRefused(client, "untrusted_server");
  });

  it("is refused by a key that is listed, but among the agents", async () => {
    const entry = {
      id: "a",
      name: "github-mcp",
      owner: "x",
      status: "active",
      created_at: "2026-01-01T00:00:00Z",
    };
    const text = JSON.stringify({
      ...JSON.parse(registryText()),
      agents: [{ ...entry, pubkey: formatPublicKey(stranger.publicKey) }],
    });
    const client = connect({ servers: parseTrustRegistry(text) });
    client.answer(resultFor(await client.call(1), RESULT, { signer: stranger }));
    expectRefused(client, "untrusted_server");
  });

  it("is refused when the trusted key's text stands over another key's signature", async () => {
    const client = await tampered((response) => {
      const forged = countersign(
        { params: { _meta: { _signet: bilateralOf(response)["agent_receipt"] } } },
        contentHash(RESULT),
        { signer: stranger },
      );
      const receipt = { ...forged, server: { ...forged.server, pubkey: formatPublicKey(server.publicKey) } };
      return { ...response, result: { ...RESULT, _meta: { _signet_bilateral: receipt } } };
    });
    expectRefused(client, "bad_countersignature");
  });

  it("is refused when a trusted key signs under another's name", async () => {
    const client = connect({ servers: trusted });
    client.answer(resultFor(await client.call(1), RESULT, { name: "gitlab-mcp" }));
    expectRefused(client, "server_mismatch");
  });
});

describe("an answer altered after countersigning", () => {
  it.each<[string, (response: JsonRecord) => unknown]>([
    ["another text", (response) => withResult(response, { content: [] })],
    ["a member more", (response) => withResult(response, { isError: true })],
    [
      "a member more in _meta",
      (response) => Object.assign(at(response, "result", "_meta") ?? {}, { extra: 1 }) && response,
    ],
    [
      "an own __proto__",
      (response) => JSON.stringify(response).replace('"content"', '"__proto__":{},"content"'),
    ],
    ["a lone surrogate", (response) => JSON.stringify(response).replace('"done"', '"\\ud800"')],
    ["a number that is none", (response) => JSON.stringify(response).replace('"done"', "1e400")],
    [
      "6,000 levels",
      (response) => JSON.stringify(response).replace('"done"', "[".repeat(6000) + "]".repeat(6000)),
    ],
  ])("is refused with %s", async (_, change) => {
    expectRefused(await tampered(change), "content_mismatch");
  });

  it.each<[string, (receipt: JsonRecord) => void, string]>([
    [
      "another hash",
      (receipt) => Object.assign(receipt, { response: { content_hash: sha256Text("x") } }),
      "bad_countersignature",
    ],
    [
      "another outcome",
      (receipt) => Object.assign(at(receipt, "response", "outcome") ?? {}, { status: "verified" }),
      "bad_countersignature",
    ],
    [
      "no outcome",
      (receipt) =>
        Object.assign(receipt, { response: { content_hash: at(receipt, "response", "content_hash") } }),
      "bad_countersignature",
    ],
    ["another nonce", (receipt) => Object.assign(receipt, { nonce: "rnd_0" }), "bad_countersignature"],
    [
      "another time",
      (receipt) => Object.assign(receipt, { ts_response: "2026-11-23T12:00:01.000Z" }),
      "bad_countersignature",
    ],
    [
      "another id",
      (receipt) => Object.assign(receipt, { id: `rec_${"0".repeat(32)}` }),
      "countersignature_malformed",
    ],
    [
      "a member that is not signed",
      (receipt) => Object.assign(receipt, { note: "x" }),
      "countersignature_malformed",
    ],
    [
      "a member that is not signed, inside",
      (receipt) => Object.assign(at(receipt, "agent_receipt") ?? {}, { note: "x" }),
      "countersignature_malformed",
    ],
    [
      "a receipt without its signature",
      (receipt) => Object.assign(at(receipt, "agent_receipt") ?? {}, { sig: undefined }),
      "countersignature_malformed",
    ],
    [
      "a receipt with other params",
      (receipt) => Object.assign(at(receipt, "agent_receipt", "action") ?? {}, { params: {} }),
      "receipt_mismatch",
    ],
  ])("is refused when the countersignature has %s", async (_, change, reason) => {
    const client = await tampered((response) => {
      change(bilateralOf(response));
      return undefined;
    });
    expectRefused(client, reason);
  });

  it("is refused when the countersigned receipt has params of 6,000 levels", async () => {
    const levels = "[".repeat(6000) + "]".repeat(6000);
    const client = await tampered((response) =>
      JSON.stringify(response).replace('"params":{"text":"hi"}', `"params":${levels}`),
    );
    expectRefused(client, "receipt_mismatch");
  });

  it("is refused when the server dates its countersignature before the call", async () => {
    const client = connect({ servers: trusted });
    const request = await client.call(1);
    const agentReceipt = receiptOf(request);
    const { whole } = agentReceiptText(agentReceipt, paramsText(agentReceipt));
    const ts_response = new Date(NOW_MS - 1).toISOString();
    const early = { ...countersign(request, contentHash(RESULT)), ts_response };
    const signature = await server.sign(Buffer.from(bilateralText(early, whole)));
    const receipt = { ...early, id: artifactId("rec", signature), sig: formatSignature(signature) };
    client.answer({ jsonrpc: "2.0", id: 1, result: { ...RESULT, _meta: { _signet_bilateral: receipt } } });
    expectRefused(client, "countersignature_time");
  });

  it("is refused when a countersigned failure is shown as a result", async () => {
    const client = connect({ servers: trusted });
    const failure = errorFor(await client.call(1), { code: -32000, message: "quota exceeded" });
    const { data, ...error } = Object.assign(at(failure, "error") ?? {}) as JsonRecord;
    client.answer({ jsonrpc: "2.0", id: 1, result: { ...error, _meta: data } });
    expectRefused(client, "outcome_mismatch");
  });

  it("is taken with extensions that anybody may have added: nothing is read from them", async () => {
    const client = await tampered((response) => {
      Object.assign(bilateralOf(response), { extensions: { admin: true } });
      return undefined;
    });
    expect(client.events).toMatchObject([{ verified: true }]);
  });
});

describe("an answer that is not countersigned", () => {
  it.each<[string, JsonRecord]>([
    ["a result", { result: RESULT }],
    ["a result with the request's receipt", { result: { ...RESULT, _meta: { _signet: {} } } }],
    ["an error", { error: { code: -32603, message: "no" } }],
    ["an error whose data is no object", { error: { code: -32603, message: "no", data: "x" } }],
    [
      "an error with a countersignature in _meta",
      { error: { code: 1, message: "no", _meta: { _signet_bilateral: {} } } },
    ],
  ])("is refused: %s", async (_, members) => {
    const client = connect({ servers: trusted });
    await client.call(1);
    client.answer({ jsonrpc: "2.0", id: 1, ...members });
    expectRefused(client, "countersignature_missing");
  });

  it("is refused with a countersignature that sits where it does not belong", async () => {
    const client = connect({ servers: trusted });
    const request = await client.call(1);
    const receipt = countersign(request, contentHash(RESULT));
    client.answer({
      jsonrpc: "2.0",
      id: 1,
      _signet_bilateral: receipt,
      result: { ...RESULT, _signet_bilateral: receipt },
    });
    expectRefused(client, "countersignature_missing");
  });
});

it("leaves the connection alive: the next call is answered as if nothing had been", async () => {
  const client = connect({ servers: trusted });
  await client.call(1);
  client.answer(resultFor(await connect({ identity: { signer: testSigner(9), name: "x" } }).call(1)));
  client.answer(resultFor(await client.call(2)));
  expect(client.received.map(({ id, result }) => [id, result === undefined])).toEqual([
    [1, true],
    [2, false],
  ]);
});
