import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { CanonicalJsonError, OptionError, SignerError } from "../../src/errors.js";
import {
  agentReceiptText,
  canonicalJson,
  checkAgentReceipt,
  checkReceiptSignature,
  contentHash,
  importVerifyKey,
  paramsText,
  parseAgentReceipt,
  signCompoundReceipt,
  signReceipt,
} from "../../src/receipt/index.js";
import type { ReceiptInput } from "../../src/receipt/index.js";
import { jsonStrings, jsonValues } from "../support/json-values.js";
import { NOW_MS, agent, decision, now, receiptV1, root } from "./samples.js";
import { utf8 } from "../support/bytes.js";

const agentKey = importVerifyKey(agent.publicKey);
/** SHA-256 of `{}`. */
const EMPTY_HASH = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

function optionOf(run: () => unknown): string {
  try {
    run();
    return "nothing is thrown";
  } catch (error) {
    return error instanceof OptionError ? error.option : String(error);
  }
}

describe("signing a call", () => {
  it("makes a receipt that parses and verifies, for any params, names and optional members", () => {
    const names = jsonStrings();
    const optional = fc.option(names, { nil: undefined });
    const inputs = fc.record({
      params: jsonValues(),
      tool: names,
      target: names,
      transport: names,
      name: names,
      owner: optional,
      session: optional,
      callId: optional,
      traceId: optional,
      parentReceiptId: optional,
      issuedAtMs: fc.integer({ min: 0, max: 253_402_300_799_999 }),
    });
    fc.assert(
      fc.property(inputs, (input) => {
        const receipt = receiptV1(input);
        const sent: unknown = JSON.parse(JSON.stringify(receipt));
        const parsed = parseAgentReceipt(sent);
        if (!parsed.ok) throw new TypeError(parsed.detail);
        const text = agentReceiptText(parsed.value, paramsText(parsed.value));
        expect(checkAgentReceipt(parsed.value, agentKey, text)).toBe(true);
        expect(utf8(text.whole)).toBe(canonicalJson(sent));
        expect(checkReceiptSignature(parsed.value)).toEqual({ ok: true });
      }),
      { numRuns: 100 },
    );
  });

  it("signs what the receipt says without id and sig", () => {
    const receipt = receiptV1({ owner: undefined });
    const { id: _id, sig: _sig, ...signed } = receipt;
    expect(utf8(agentReceiptText(receipt, paramsText(receipt)).signed)).toBe(canonicalJson(signed));
    expect(receipt.signer.owner).toBe("");
  });

  it("signs a call without params as {}", () => {
    const { action } = receiptV1({ params: undefined });
    expect(action).toMatchObject({ params: {}, params_hash: EMPTY_HASH });
  });

  it("signs null params under the hash of {}", () => {
    expect(receiptV1({ params: null }).action).toMatchObject({ params: null, params_hash: EMPTY_HASH });
  });

  it("tells only the hash when only the hash is given", () => {
    const paramsHash = contentHash({ secret: true });
    const receipt = receiptV1({ params: undefined, paramsHash });
    expect(receipt.action).toMatchObject({ params: null, params_hash: paramsHash });
    expect(checkReceiptSignature(receipt)).toEqual({ ok: true });
  });

  it("uses a nonce of its own for every receipt", () => {
    expect(receiptV1().nonce).toMatch(/^rnd_[0-9a-f]{32}$/);
    expect(receiptV1().nonce).not.toBe(receiptV1().nonce);
  });

  it("does not hold under another key", () => {
    const receipt = receiptV1();
    const text = agentReceiptText(receipt, paramsText(receipt));
    expect(checkAgentReceipt(receipt, importVerifyKey(root.publicKey), text)).toBe(false);
  });

  it("does not hold with params of another hash, or with none that can be hashed", () => {
    const receipt = receiptV1();
    for (const params of [{}, [], { n: 2 ** 53 }, undefined, { text: "\ud800" }]) {
      const changed = { ...receipt, action: { ...receipt.action, params } };
      expect(checkReceiptSignature(changed)).toMatchObject({ code: "params_mismatch" });
    }
  });

  it("waits for a signer that is elsewhere, and for no other", async () => {
    const remote = { publicKey: agent.publicKey, sign: async (message: Uint8Array) => agent.sign(message) };
    const receipt = signReceipt({ ...minimal, signer: remote });
    expect(receipt).toBeInstanceOf(Promise);
    expect(checkReceiptSignature(await receipt)).toEqual({ ok: true });
  });

  it("passes on that a signer failed", async () => {
    const wrong = { publicKey: agent.publicKey, sign: async (message: Uint8Array) => root.sign(message) };
    await expect(signReceipt({ ...minimal, signer: wrong })).rejects.toMatchObject({
      code: "signature_invalid",
    });
    const short = { ...wrong, maxMessageBytes: 10 };
    expect(() => signReceipt({ ...minimal, signer: short })).toThrow(SignerError);
  });
});

const minimal: ReceiptInput = {
  signer: agent,
  name: "deploy-bot",
  tool: "read_file",
  target: "mcp://files",
  transport: "stdio",
  issuedAtMs: NOW_MS,
};

describe("a call that a verifier would refuse is not signed", () => {
  it.each<[string, Partial<ReceiptInput>]>([
    ["tool", { tool: "x".repeat(1025) }],
    ["tool", { tool: "\ud800" }],
    ["target", { target: "\udc00" }],
    ["name", { name: "x".repeat(1025) }],
    ["nonce", { nonce: "" }],
    ["nonce", { nonce: "x".repeat(129) }],
    ["callId", { callId: "x".repeat(1025) }],
    ["parentReceiptId", { parentReceiptId: "\ud800" }],
    ["responseHash", { responseHash: "sha256:00" }],
    ["paramsHash", { paramsHash: "sha256:00" }],
    ["paramsHash", { paramsHash: EMPTY_HASH, params: {} }],
    ["principal", { principal: "agent://acme" }],
    ["actingFor", { actingFor: "alice" }],
    ["issuedAtMs", { issuedAtMs: Number.NaN }],
    ["issuedAtMs", { issuedAtMs: 0.5 }],
    ["issuedAtMs", { issuedAtMs: -1 }],
    ["issuedAtMs", { issuedAtMs: 253_402_300_800_000 }],
    ["expMs", { expMs: NOW_MS }],
    ["expMs", { expMs: Number.NaN }],
    ["expMs", { expMs: Number.POSITIVE_INFINITY }],
    ["policy.reason", { policy: { ...policy(), reason: "x".repeat(8193) } }],
    ["policy.matched_rules[0]", { policy: { ...policy(), matched_rules: ["\ud800"] } }],
    ["decision", { decision: decision() }],
    ["decision", { decision: decision(), principal: "agent://acme/other-bot" }],
    ["decision", { decision: decision({ decision: "deny" }), principal: "agent://acme/deploy-bot" }],
    ["decision.sig", { decision: { ...decision(), sig: "ed25519:" } }],
  ])("%s", (option, changes) => {
    expect(optionOf(() => signReceipt({ ...minimal, ...changes }))).toBe(option);
  });

  it.each([
    ["non_finite", { limit: Number.POSITIVE_INFINITY }],
    ["unsafe_integer", { n: 2 ** 53 }],
    ["lone_surrogate", { text: "\ud800" }],
    ["lone_surrogate", { "\ud800": 1 }],
    ["not_json", { when: new Date(0) }],
    ["not_json", { a: undefined }],
    ["too_deep", JSON.parse(`${"[".repeat(101)}${"]".repeat(101)}`)],
  ])("params that have no canonical form: %s", (code, params: unknown) => {
    expect(() => signReceipt({ ...minimal, params })).toThrow(CanonicalJsonError);
    expect(() => signReceipt({ ...minimal, params })).toThrow(expect.objectContaining({ code }));
  });
});

describe("signing a call with its answer", () => {
  it("makes a v2 receipt that verifies, for any result", () => {
    fc.assert(
      fc.property(jsonValues(), jsonValues(), (params, result) => {
        const receipt = now(
          signCompoundReceipt({
            ...minimal,
            params,
            contentHash: contentHash(result),
            outcome: { status: "failed", error: "x" },
            requestedAtMs: NOW_MS,
            respondedAtMs: NOW_MS + 5,
          }),
        );
        expect(checkReceiptSignature(receipt)).toEqual({ ok: true });
        expect(checkReceiptSignature({ ...receipt, ts_request: receipt.ts_response })).toMatchObject({
          code: "bad_signature",
        });
      }),
      { numRuns: 50 },
    );
  });
});

function policy(): NonNullable<ReceiptInput["policy"]> {
  return {
    policy_hash: EMPTY_HASH,
    policy_name: "production",
    matched_rules: [],
    decision: "allow",
    reason: "",
  };
}
