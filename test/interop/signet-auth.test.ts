import { env } from "node:process";

import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { encodeBase64 } from "../../src/crypto/base64.js";
import { parseTime } from "../../src/lib/time.js";
import {
  agentReceiptText,
  canonicalJson,
  checkAuthorization,
  checkDecisionFor,
  checkDelegationToken,
  checkReceiptSignature,
  contentHash,
  countersignReceipt,
  createSigner,
  formatPublicKey,
  intentHash,
  paramsText,
  parseAuthorizationDecision,
  parseDelegationToken,
  parseReceipt,
  signAuthorizationDecision,
  signCompoundReceipt,
  signDelegatedReceipt,
  signDelegationToken,
  signReceipt,
} from "../../src/receipt/index.js";
import type {
  AgentReceipt,
  AuthorizationDecision,
  DelegationToken,
  Outcome,
  Parsed,
  PublicKeyText,
  Receipt,
  VerifyKey,
} from "../../src/receipt/index.js";
import { soundKey } from "../../src/receipt/signature.js";
import { jsonStrings, jsonValues } from "../support/json-values.js";
import { startPeer } from "./peer.js";
import type { Peer } from "./peer.js";

const PYTHON = env["SIGNET_PYTHON"];
const RUNS = 500;
const TIMEOUT_MS = 60_000;

/** One key, as both sides take it. */
function party(number: number) {
  const seed = new Uint8Array(32).fill(number);
  const signer = createSigner(seed);
  return {
    signer,
    seed: encodeBase64(seed),
    key: encodeBase64(signer.publicKey),
    pubkey: formatPublicKey(signer.publicKey),
  };
}

const agent = party(11);
const server = party(12);
const root = party(13);
const middle = party(14);
const authority = party(15);

const OUTCOMES: readonly (Outcome | undefined)[] = [
  undefined,
  { status: "executed" },
  { status: "failed", error: "Fehler: ¯\\_(ツ)_/¯" },
  { status: "rejected", reason: "no" },
  { status: "requires_approval", reason: "" },
  { status: "verified", reason: "r", error: "e" },
];

const calls = fc.record({
  tool: jsonStrings(),
  target: jsonStrings(),
  transport: fc.oneof(fc.constantFrom("stdio", "http", "SSE", "Ünix"), jsonStrings()),
  name: jsonStrings(),
  owner: jsonStrings(),
  params: jsonValues(),
  result: jsonValues(),
  outcome: fc.constantFrom(...OUTCOMES),
});

type Call = typeof calls extends fc.Arbitrary<infer T> ? T : never;

/** A scope for a call: exact names or all. */
const scopes = fc.record({ exact: fc.boolean(), expires: fc.boolean(), constrained: fc.boolean() });

describe("the interpreter for the released Python package", () => {
  it("is named by SIGNET_PYTHON where tests must not be passed over", () => {
    expect(env["CI"] === undefined || PYTHON !== undefined).toBe(true);
  });
});

describe.skipIf(PYTHON === undefined)("with signet-auth 0.11.0 (skipped unless SIGNET_PYTHON is set)", () => {
  let peer: Peer;

  beforeAll(() => {
    peer = startPeer(PYTHON ?? "");
  });

  afterAll(() => peer.close());

  it("talks to that very release", async () => {
    expect(await peer.ask("version")).toBe("0.11.0");
  });

  describe("what is signed there verifies here:", () => {
    it(
      "v1, v2 and v3 receipts, of any call and result",
      async () => {
        await fc.assert(
          fc.asyncProperty(calls, async (call) => {
            const v1 = await peer.text("sign", wire(call, agent.seed));
            const agentReceipt = accepted(v1);
            expect(agentReceipt).toMatchObject({ v: 1, signer: { pubkey: agent.pubkey, name: call.name } });
            const v2 = accepted(await peer.text("sign_compound", wire(call, agent.seed)));
            expect(v2).toMatchObject({ v: 2, response: { content_hash: contentHash(call.result) } });
            const v3 = accepted(
              await peer.text("sign_bilateral", { ...wire(call, server.seed), receipt: v1 }),
            );
            expect(v3).toMatchObject({
              agent_receipt: { id: agentReceipt.id },
              response: { content_hash: contentHash(call.result) },
            });
          }),
          { numRuns: RUNS },
        );
      },
      TIMEOUT_MS,
    );

    it.each([
      ["2099-01-01T00:00:00.000Z", true],
      ["2099-01-01T00:00:00+00:00", true],
      // Signed and read there, but by the format these are no times.
      ["2099-01-01T00:00:00+02:00", false],
      ["2099", false],
    ])("v1 receipts that end at %s (%s)", async (exp, reads) => {
      const call = {
        seed: agent.seed,
        tool: "t",
        params: "{}",
        target: "",
        transport: "",
        name: "n",
        owner: "",
      };
      const text = await peer.text("sign_with_expiration", { ...call, exp });
      const parsed = parseReceipt(JSON.parse(text));
      expect(parsed).toMatchObject(reads ? { ok: true, value: { exp } } : { ok: false, code: "malformed" });
    });

    it(
      "v4 receipts, their tokens and v3 receipts over them",
      async () => {
        await fc.assert(
          fc.asyncProperty(calls, scopes, async (call, scope) => {
            const chain = await chainThere(peer, call, scope);
            const v4 = await peer.text("sign_authorized", {
              ...wire(call, agent.seed),
              name: "deploy-bot",
              chain: JSON.stringify(chain),
            });
            const receipt = accepted(v4);
            expect(receipt.v === 4 && checkAuthorization(receipt, Date.now(), knownKey)).toEqual({
              ok: true,
            });
            accepted(await peer.text("sign_bilateral", { ...wire(call, server.seed), receipt: v4 }));
          }),
          { numRuns: RUNS },
        );
      },
      TIMEOUT_MS,
    );

    it(
      "decisions, and receipts that carry them",
      async () => {
        await fc.assert(
          fc.asyncProperty(calls, fc.boolean(), async (call, delegated) => {
            const decision = await peer.text("authorize", {
              ...wire(call, authority.seed),
              authority: "agent://acme/security",
              subject: "agent://acme/deploy-bot",
              policy: '{"version":1,"name":"any","default_action":"allow","rules":[]}',
              expires_at: "2099-01-01T00:00:00Z",
              max_calls: 3,
              credential_ref: call.target,
            });
            expect(faithful(parseAuthorizationDecision, decision).intent_hash).toBe(
              await peer.ask("intent_hash", wire(call, "")),
            );
            const chain = delegated ? await chainThere(peer, call, { exact: true }) : undefined;
            const receipt = accepted(
              await peer.text("sign_with_decision", {
                ...wire(call, agent.seed),
                principal: "agent://acme/deploy-bot",
                decision,
                chain: chain && JSON.stringify(chain),
              }),
            );
            expect(checkCarried(receipt)).toEqual({ ok: true });
          }),
          { numRuns: RUNS },
        );
      },
      TIMEOUT_MS,
    );
  });

  describe("what is signed here verifies there:", () => {
    it(
      "v1, v2 and v3 receipts, of any call and result",
      async () => {
        await fc.assert(
          fc.asyncProperty(calls, fc.boolean(), fc.boolean(), async (call, hashOnly, correlated) => {
            const v1 = await receiptHere(call, hashOnly, correlated);
            const text = JSON.stringify(v1);
            expect(await peer.ask("verify", { receipt: text, key: agent.key })).toBe(true);
            expect(await peer.ask("verify_any", { receipt: text, key: agent.key })).toBe(true);
            expect(await peer.ask("verify_any", { receipt: text, key: server.key })).toBe(false);
            const v2 = JSON.stringify(await compoundHere(call));
            expect(await peer.ask("verify_any", { receipt: v2, key: agent.key })).toBe(true);
            for (const op of ["verify_bilateral", "verify_any"]) {
              const v3 = JSON.stringify(await countersignedHere(v1, call));
              expect(await peer.ask(op, { receipt: v3, key: server.key })).toBe(true);
            }
          }),
          { numRuns: RUNS },
        );
      },
      TIMEOUT_MS,
    );

    it(
      "v4 receipts, their tokens and v3 receipts over them",
      async () => {
        await fc.assert(
          fc.asyncProperty(calls, scopes, fc.boolean(), async (call, scope, decided) => {
            const chain = await chainHere(call, scope);
            for (const token of chain) {
              expect(await peer.ask("verify_delegation", { token: JSON.stringify(token) })).toBe(true);
            }
            const principal = "agent://acme/deploy-bot";
            const decision = decided ? await decisionHere(call) : undefined;
            const v4 = await signDelegatedReceipt({ ...input(call), chain, principal, decision });
            const receipt = JSON.stringify(v4);
            expect(await peer.ask("verify_any", { receipt, key: agent.key })).toBe(true);
            expect(await peer.text("verify_authorized", { receipt, roots: [root.key] })).toContain(
              "max_depth",
            );
            const v3 = JSON.stringify(await countersignedHere(v4, call));
            expect(await peer.ask("verify_bilateral", { receipt: v3, key: server.key })).toBe(true);
          }),
          { numRuns: RUNS },
        );
      },
      TIMEOUT_MS,
    );

    it(
      "decisions, and receipts that carry them",
      async () => {
        await fc.assert(
          fc.asyncProperty(calls, async (call) => {
            const decision = await decisionHere(call);
            expect(await peer.ask("verify_decision", { decision: JSON.stringify(decision) })).toBe(true);
            expect(decision.intent_hash).toBe(await peer.ask("intent_hash", wire(call, "")));
            const receipt = JSON.stringify(
              await signReceipt({ ...input(call), principal: "agent://acme/deploy-bot", decision }),
            );
            expect(await peer.ask("verify", { receipt, key: agent.key })).toBe(true);
          }),
          { numRuns: RUNS },
        );
      },
      TIMEOUT_MS,
    );
  });
});

/** A call as the Python side takes it. */
function wire(call: Call, seed: string): Readonly<Record<string, unknown>> {
  return {
    ...call,
    params: JSON.stringify(call.params),
    result: JSON.stringify(call.result),
    outcome: call.outcome ?? null,
    seed,
  };
}

const keys = new Map<PublicKeyText, VerifyKey | undefined>();

/** The checks of a key take a millisecond, and these are always the same few. */
function knownKey(pubkey: PublicKeyText): VerifyKey | undefined {
  if (!keys.has(pubkey)) keys.set(pubkey, soundKey(pubkey));
  return keys.get(pubkey);
}

/** Parses, and checks that nothing was lost and every signature holds. */
function accepted(text: string): Receipt {
  const receipt = faithful(parseReceipt, text);
  expect(checkReceiptSignature(receipt, knownKey)).toEqual({ ok: true });
  return receipt;
}

function faithful<Value>(parse: (value: unknown) => Parsed<Value>, text: string): Value {
  const parsed = parse(JSON.parse(text));
  if (!parsed.ok) throw new Error(`${parsed.detail}: ${text}`);
  expect(canonicalJson(parsed.value)).toBe(canonicalJson(JSON.parse(text)));
  return parsed.value;
}

function checkCarried(receipt: Receipt): unknown {
  if ((receipt.v !== 1 && receipt.v !== 4) || receipt.authz_decision === undefined) return "no decision";
  return checkDecisionFor(receipt.authz_decision, receipt, parseTime(receipt.ts) ?? Number.NaN, knownKey);
}

function input(call: Call) {
  const { tool, target, transport, name, owner, params } = call;
  return { signer: agent.signer, tool, target, transport, name, owner, params, issuedAtMs: Date.now() };
}

async function receiptHere(call: Call, hashOnly: boolean, correlated: boolean): Promise<AgentReceipt> {
  const { params, ...rest } = input(call);
  return signReceipt({
    ...rest,
    ...(hashOnly ? { paramsHash: contentHash(params) } : { params }),
    ...(correlated ? { session: call.name, callId: call.tool, traceId: "", parentReceiptId: "rec_" } : {}),
    expMs: correlated ? rest.issuedAtMs + 3_600_000 : undefined,
    responseHash: correlated ? contentHash(call.result) : undefined,
  });
}

async function compoundHere(call: Call): Promise<Receipt> {
  const { issuedAtMs, ...rest } = input(call);
  return signCompoundReceipt({
    ...rest,
    contentHash: contentHash(call.result),
    outcome: call.outcome,
    requestedAtMs: issuedAtMs,
    respondedAtMs: issuedAtMs + 5,
  });
}

async function countersignedHere(agentReceipt: AgentReceipt, call: Call): Promise<Receipt> {
  return countersignReceipt({
    signer: server.signer,
    name: call.name,
    agentReceipt,
    agentReceiptText: agentReceiptText(agentReceipt, paramsText(agentReceipt)).whole,
    contentHash: contentHash(call.result),
    outcome: call.outcome,
    respondedAtMs: Date.now(),
  });
}

async function chainHere(
  call: Call,
  { exact, expires, constrained }: { exact: boolean; expires: boolean; constrained: boolean },
): Promise<DelegationToken[]> {
  const issuedAtMs = Date.now();
  const names = { tools: exact ? [call.tool, "other"] : ["*"], targets: exact ? [call.target] : ["*"] };
  const wildcard = call.tool === "*" || call.target === "*";
  const scope = wildcard ? { tools: ["*"], targets: ["*"] } : names;
  const first = await signDelegationToken({
    ...scope,
    signer: root.signer,
    name: call.name || "root",
    principal: "user://acme/alice",
    delegate: { pubkey: middle.pubkey, name: "lead" },
    maxDepth: 3,
    expiresAtMs: expires ? issuedAtMs + 7_200_000 : undefined,
    issuedAtMs,
  });
  const second = await signDelegationToken({
    ...scope,
    signer: middle.signer,
    name: "lead",
    delegate: { pubkey: agent.pubkey, name: call.name || "bot", principal: "agent://acme/deploy-bot" },
    maxDepth: 1,
    expiresAtMs: expires ? issuedAtMs + 3_600_000 : undefined,
    constraints: constrained ? [{ type: "call_count", max_calls: 5 }] : undefined,
    parent: first,
    issuedAtMs,
  });
  return [first, second];
}

async function chainThere(
  peer: Peer,
  call: Call,
  { exact, expires, constrained }: { exact: boolean; expires?: boolean; constrained?: boolean },
): Promise<DelegationToken[]> {
  const limited = exact && call.tool !== "*" && call.target !== "*";
  const names = { tools: limited ? [call.tool, "other"] : ["*"], targets: limited ? [call.target] : ["*"] };
  const end = expires === true ? { expires: "2099-01-01T00:00:00Z" } : {};
  const limits =
    constrained === true ? { constraints: [{ type: "monetary", amount: "5.00", currency: "EUR" }] } : {};
  const outer = JSON.stringify({ ...names, ...end, max_depth: 3 });
  const inner = JSON.stringify({ ...names, ...end, ...limits, max_depth: 1 });
  const texts = [
    await peer.text("sign_delegation", {
      seed: root.seed,
      name: call.name || "root",
      delegate_key: middle.key,
      delegate_name: "lead",
      scope: outer,
    }),
    await peer.text("sign_delegation", {
      seed: middle.seed,
      name: "lead",
      delegate_key: agent.key,
      delegate_name: "deploy-bot",
      scope: inner,
      parent_scope: outer,
    }),
  ];
  return texts.map((text) => {
    const token = faithful(parseDelegationToken, text);
    expect(checkDelegationToken(token, knownKey)).toEqual({ ok: true });
    return token;
  });
}

async function decisionHere(call: Call): Promise<AuthorizationDecision> {
  const { tool, target, transport, params } = call;
  const issuedAtMs = Date.now();
  return signAuthorizationDecision({
    signer: authority.signer,
    authority: "agent://acme/security",
    subject: "agent://acme/deploy-bot",
    intentHash: intentHash({ tool, target, transport, params_hash: contentHash(params ?? {}) }),
    basis: { type: "approval", approver: call.name, context: call.owner },
    constraints: [{ type: "call_count", max_calls: 2 }],
    obligations: [{ type: "x-any", version: 1, parameters: { result: call.result } }],
    issuedAtMs,
    expiresAtMs: issuedAtMs + 3_600_000,
  });
}
