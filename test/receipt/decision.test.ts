import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { OptionError } from "../../src/errors.js";
import {
  checkAuthorizationDecision,
  checkDecisionFor,
  checkReceiptSignature,
  contentHash,
  intentHash,
  parseAuthorizationDecision,
  signAuthorizationDecision,
} from "../../src/receipt/index.js";
import type { Constraint, DecisionInput, DelegationToken } from "../../src/receipt/index.js";
import { isDecimalAtMost } from "../../src/receipt/decimal.js";
import { isPrincipal } from "../../src/receipt/principal.js";
import { NOW_MS, decision, fullReceiptV1, fullToken, receiptV1, token } from "./samples.js";

const MALFORMED = { ok: false, code: "malformed" };
const decided = receiptV1({ principal: "agent://acme/deploy-bot" });

describe("a decision", () => {
  it("verifies, and not when anything in it was changed", () => {
    const signed = decision();
    expect(checkAuthorizationDecision(signed)).toEqual({ ok: true });
    for (const changed of [
      { ...signed, authority: "agent://acme/other" },
      { ...signed, subject: "agent://acme/other" },
      { ...signed, intent_hash: contentHash({}) },
      { ...signed, decision: "deny" as const },
      { ...signed, basis: { type: "external", system: "opa", ref: "" } as const },
      { ...signed, constraints: [] },
      { ...signed, obligations: [] },
      { ...signed, issued_at: "2099-01-01T00:00:00.000Z" },
      { ...signed, expires_at: "2099-01-01T00:00:00.000Z" },
      { ...signed, nonce: "other" },
      { ...signed, credential_ref: "grant://other" },
      { ...signed, authority_pubkey: receiptV1().signer.pubkey },
    ]) {
      expect(checkAuthorizationDecision(changed)).toMatchObject({ code: "bad_signature" });
    }
  });

  it("holds for the very call, until it expires", () => {
    expect(checkDecisionFor(decision(), decided, NOW_MS)).toEqual({ ok: true });
    expect(checkDecisionFor(decision(), decided, NOW_MS + 59_999)).toEqual({ ok: true });
    expect(checkDecisionFor(decision(), decided, NOW_MS + 60_000)).toMatchObject({ code: "bad_decision" });
  });

  it("does not see what correlates calls, nor the letter case of the transport", () => {
    const { action } = receiptV1({ transport: "STDIO", session: "s", callId: "c", traceId: "t" });
    expect(checkDecisionFor(decision(), { ...decided, action }, NOW_MS)).toEqual({ ok: true });
  });

  it.each([
    receiptV1({ tool: "write_file", principal: "agent://acme/deploy-bot" }),
    receiptV1({ target: "mcp://mail", principal: "agent://acme/deploy-bot" }),
    receiptV1({ transport: "http", principal: "agent://acme/deploy-bot" }),
    receiptV1({ params: {}, principal: "agent://acme/deploy-bot" }),
    receiptV1({ principal: "agent://acme/other-bot" }),
    receiptV1(),
  ])("does not hold for another call or signer (%#)", (receipt) => {
    expect(checkDecisionFor(decision(), receipt, NOW_MS)).toMatchObject({ code: "bad_decision" });
  });

  it.each(["deny", "require_approval"] as const)("that says %s allows nothing", (says) => {
    expect(checkDecisionFor(decision({ decision: says }), decided, NOW_MS)).toMatchObject({
      code: "bad_decision",
    });
  });

  it("that somebody changed is found in the receipt that carries it", () => {
    const receipt = fullReceiptV1();
    expect(checkReceiptSignature(receipt)).toEqual({ ok: true });
    const changed = { ...receipt, authz_decision: { ...decision(), nonce: "other" } };
    expect(checkReceiptSignature(changed)).toMatchObject({ code: "bad_signature" });
    const { authz_decision: _, ...stripped } = receipt;
    expect(checkReceiptSignature(stripped)).toMatchObject({ code: "bad_signature" });
  });

  it.each<[string, Partial<DecisionInput>]>([
    ["authority", { authority: "security" }],
    ["subject", { subject: "user://acme" }],
    ["intentHash", { intentHash: "sha256:0" }],
    ["basis.approver", { basis: { type: "approval", approver: "x".repeat(1025) } }],
    ["constraints[0].max_calls", { constraints: [{ type: "call_count", max_calls: 0 }] }],
    ["obligations[0].type", { obligations: [{ type: "notify", version: 1, parameters: {} }] }],
    ["expiresAtMs", { expiresAtMs: NOW_MS }],
    ["credentialRef", { credentialRef: "\ud800" }],
  ])("is not signed when a verifier would refuse it: %s", (option, changes) => {
    expect(() => decision(changes)).toThrow(OptionError);
    expect(() => decision(changes)).toThrow(expect.objectContaining({ option }));
  });

  it("waits for a signer that is elsewhere", async () => {
    const remote = { publicKey: new Uint8Array(32), sign: async () => new Uint8Array(64) };
    const { authority, subject, intent_hash: hash, basis } = decision();
    const input = { signer: remote, authority, subject, intentHash: hash, basis, issuedAtMs: NOW_MS };
    await expect(signAuthorizationDecision(input)).rejects.toMatchObject({ code: "signature_invalid" });
  });
});

describe("a decision in a chain", () => {
  const calls = (max_calls: number): Constraint => ({ type: "call_count", max_calls });
  const money = (amount: string, currency = "USD"): Constraint => ({ type: "monetary", amount, currency });
  const under = (chain: readonly DelegationToken[], constraints: readonly Constraint[]) =>
    checkDecisionFor(decision({ constraints }), { ...decided, authorization: { chain } }, NOW_MS);

  it("is for the last delegate", () => {
    expect(under([fullToken()], [])).toEqual({ ok: true });
    expect(under([token()], [])).toEqual({ ok: true });
    const delegate = { ...fullToken().delegate, principal: "agent://acme/other-bot" };
    expect(under([token({ delegate })], [])).toMatchObject({ code: "bad_decision" });
  });

  it.each([
    [[calls(5)], true],
    [[calls(6)], false],
    [[money("500")], true],
    [[money("500.01")], false],
    [[money("499.999999999999999999")], true],
    [[money("1", "EUR")], false],
    [[calls(1), money("1")], true],
    [[calls(1), calls(9)], false],
    [[], true],
  ])("narrows the chain's limits, or does not hold: %j", (constraints, holds) => {
    // The token allows 5 calls and 500.00 USD.
    expect(under([fullToken()], constraints).ok).toBe(holds);
  });
});

describe("obligations", () => {
  it.each([
    [true, { type: "require_approval", version: 1, parameters: {} }],
    [
      true,
      { type: "require_approval", version: 1, parameters: { approver: "user://acme/alice", within: "10m" } },
    ],
    [true, { type: "require_cosign", version: 1, parameters: { server: "mcp://files" } }],
    [true, { type: "sandbox", version: 1, parameters: { required: false } }],
    [true, { type: "audit", version: 1, parameters: { retention: "7d" } }],
    [true, { type: "x-acme", version: 9, parameters: { any: [{ thing: null }] } }],
    [false, { type: "require_approval", version: 1, parameters: { approver: "alice" } }],
    [false, { type: "require_approval", version: 1, parameters: { within: "soon" } }],
    [false, { type: "require_approval", version: 1, parameters: { witin: "10m" } }],
    [false, { type: "require_cosign", version: 1, parameters: { server: "" } }],
    [false, { type: "require_cosign", version: 1, parameters: {} }],
    [false, { type: "sandbox", version: 1, parameters: { required: "yes" } }],
    [false, { type: "audit", version: 1, parameters: { retention: 7 } }],
    [false, { type: "audit", version: 2, parameters: { retention: "7d" } }],
    [false, { type: "audit", version: 0, parameters: { retention: "7d" } }],
    [false, { type: "notify", version: 1, parameters: {} }],
    [false, { type: "x-", version: 1, parameters: {} }],
    [false, { type: "x-Acme", version: 1, parameters: {} }],
    [false, { type: "x-acme", version: 1, parameters: [] }],
    [false, { type: "x-acme", version: 1, parameters: { text: "x".repeat(20_000) } }],
    [false, { type: "x-acme", version: 1 }],
    [false, { type: "constructor", version: 1, parameters: {} }],
  ])("are known to the reader or begin with x- (accepted: %j): %j", (holds, obligation) => {
    const parsed = parseAuthorizationDecision({ ...decision(), obligations: [obligation] });
    expect(parsed).toMatchObject(holds ? { ok: true } : MALFORMED);
  });
});

describe("the intent", () => {
  it("is what is called where, and how", () => {
    const { action } = receiptV1();
    const hashes = [
      action,
      { ...action, tool: "x" },
      { ...action, target: "x" },
      { ...action, transport: "x" },
      { ...action, params_hash: contentHash(1) },
    ].map(intentHash);
    expect(new Set(hashes).size).toBe(5);
  });
});

describe("principals", () => {
  it.each([
    "user://acme/alice",
    "agent://acme/team/bot-1",
    "agent-instance://acme.example/bot/7",
    "service://0/0",
    "org://acme",
    "org://acme/unit",
    "x-device://acme/7",
    `user://${"a".repeat(254)}/${"b".repeat(128)}`,
  ])("%s is one", (text) => {
    expect(isPrincipal(text)).toBe(true);
  });

  it.each([
    "",
    "alice",
    "user://acme",
    "user://acme/",
    "user:///alice",
    "user://acme//alice",
    "user://acme/alice/",
    "User://acme/alice",
    "user://Acme/alice",
    "user://acme/Alice",
    "user://acme/alice\n",
    "user://-acme/alice",
    "user://acme/-alice",
    "user://acme/é",
    "robot://acme/alice",
    "x-://acme/alice",
    "user:/acme/alice",
    "user://acme/alice?x",
    `user://${"a".repeat(255)}/b`,
    `user://acme/${"b".repeat(129)}`,
  ])("%j is none", (text) => {
    expect(isPrincipal(text)).toBe(false);
  });
});

describe("comparing amounts", () => {
  it("is exact, whatever zeros they are written with", () => {
    const cents = fc.bigInt({ min: 0n, max: 10n ** 30n });
    const write = (n: bigint, zeros: number, scale: number): string => {
      const digits = n.toString().padStart(3, "0");
      return `${"0".repeat(zeros)}${digits.slice(0, -2)}.${digits.slice(-2)}${"0".repeat(scale)}`;
    };
    fc.assert(
      fc.property(cents, cents, fc.nat({ max: 4 }), fc.nat({ max: 4 }), (a, b, zeros, scale) => {
        expect(isDecimalAtMost(write(a, zeros, 0), write(b, 0, scale))).toBe(a <= b);
        expect(isDecimalAtMost(write(a, zeros, 0), write(a, 0, scale))).toBe(true);
      }),
    );
  });
});
