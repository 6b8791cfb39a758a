import { readFileSync } from "node:fs";

import {
  agentReceiptText,
  contentHash,
  countersignReceipt,
  createSigner,
  formatPublicKey,
  intentHash,
  paramsText,
  signAuthorizationDecision,
  signCompoundReceipt,
  signDelegatedReceipt,
  signDelegationToken,
  signReceipt,
  signRevocationRecord,
} from "../../src/receipt/index.js";
import type {
  AgentReceipt,
  AuthorizationDecision,
  DelegatedInput,
  DelegationInput,
  DelegationToken,
  ReceiptInput,
  ReceiptV1,
  ReceiptV3,
  ReceiptV4,
  Signer,
} from "../../src/receipt/index.js";
import { isPromise } from "../../src/lib/maybe-promise.js";
import type { MaybePromise } from "../../src/lib/maybe-promise.js";

const VECTORS = new URL("../vectors/", import.meta.url);

/** Reads a golden vector, such as `receipts/signet-0.11/v1-plain.json`. */
export function vector(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, VECTORS), "utf8"));
}

export function vectorLines(path: string): unknown[] {
  const text = readFileSync(new URL(path, VECTORS), "utf8").trim();
  return text.split("\n").map((line): unknown => JSON.parse(line));
}

export const NOW_MS: number = Date.UTC(2026, 10, 23, 12, 0, 0, 250);

export const agent: Signer = signerOf(1);
export const server: Signer = signerOf(2);
export const root: Signer = signerOf(3);
export const middle: Signer = signerOf(4);
export const authority: Signer = signerOf(5);

export function signerOf(number: number): Signer {
  return createSigner(new Uint8Array(32).fill(number));
}

/** What a local signer signs is there at once. */
export function now<Value>(value: MaybePromise<Value>): Value {
  if (isPromise(value)) throw new TypeError("a local signer must sign at once");
  return value;
}

export function receiptV1(changes: Partial<ReceiptInput> = {}): ReceiptV1 {
  return now(
    signReceipt({
      signer: agent,
      name: "deploy-bot",
      owner: "platform-team",
      tool: "read_file",
      params: { path: "README.md", lines: [1, 20] },
      target: "mcp://files",
      transport: "stdio",
      issuedAtMs: NOW_MS,
      ...changes,
    }),
  );
}

/** A v1 receipt with every optional member. */
export function fullReceiptV1(): ReceiptV1 {
  return receiptV1({
    principal: "agent://acme/deploy-bot",
    actingFor: "user://acme/alice",
    session: "session-1",
    callId: "call-7",
    responseHash: contentHash({}),
    traceId: "trace-9",
    parentReceiptId: receiptV1().id,
    expMs: NOW_MS + 60_000,
    policy: {
      policy_hash: contentHash("policy"),
      policy_name: "production",
      matched_rules: ["allow-read", "allow-small"],
      decision: "allow",
      reason: "reads are safe",
    },
    decision: decision(),
  });
}

export function token(changes: Partial<DelegationInput> = {}): DelegationToken {
  return now(
    signDelegationToken({
      signer: root,
      name: "alice",
      delegate: { pubkey: formatPublicKey(agent.publicKey), name: "deploy-bot" },
      tools: ["read_file", "list_files"],
      targets: ["mcp://files"],
      issuedAtMs: NOW_MS,
      ...changes,
    }),
  );
}

/** A token with every optional member. */
export function fullToken(): DelegationToken {
  return token({
    principal: "user://acme/alice",
    delegate: {
      pubkey: formatPublicKey(agent.publicKey),
      name: "deploy-bot",
      principal: "agent://acme/deploy-bot",
    },
    expiresAtMs: NOW_MS + 3_600_000,
    constraints: [
      { type: "call_count", max_calls: 5 },
      { type: "monetary", amount: "500.00", currency: "USD" },
    ],
    correlationId: "correlation-1",
  });
}

/** Two tokens: root to middle, middle to agent. */
export function chainOfTwo(): DelegationToken[] {
  const first = token({
    delegate: { pubkey: formatPublicKey(middle.publicKey), name: "lead" },
    tools: ["*"],
    targets: ["*"],
    maxDepth: 1,
    expiresAtMs: NOW_MS + 7_200_000,
  });
  const second = token({ signer: middle, name: "lead", parent: first, expiresAtMs: NOW_MS + 3_600_000 });
  return [first, second];
}

export function receiptV4(changes: Partial<DelegatedInput> = {}): ReceiptV4 {
  return now(
    signDelegatedReceipt({
      signer: agent,
      chain: [token()],
      tool: "read_file",
      params: { path: "README.md" },
      target: "mcp://files",
      transport: "stdio",
      issuedAtMs: NOW_MS,
      ...changes,
    }),
  );
}

/** A v4 receipt with every optional member. */
export function fullReceiptV4(): ReceiptV4 {
  return receiptV4({
    chain: [fullToken()],
    params: { path: "README.md", lines: [1, 20] },
    decision: decision(),
    session: "session-1",
    callId: "call-7",
  });
}

/** A decision for what {@link receiptV1} calls. */
export function decision(
  changes: Partial<Parameters<typeof signAuthorizationDecision>[0]> = {},
): AuthorizationDecision {
  return now(
    signAuthorizationDecision({
      signer: authority,
      authority: "agent://acme/security",
      subject: "agent://acme/deploy-bot",
      intentHash: intentHash(receiptV1().action),
      basis: {
        type: "policy",
        policy_hash: contentHash("policy"),
        policy_name: "production",
        matched_rules: ["allow-read"],
        reason: "reads are safe",
      },
      constraints: [{ type: "call_count", max_calls: 3 }],
      obligations: [
        { type: "audit", version: 1, parameters: { retention: "7d" } },
        { type: "x-acme-ticket", version: 2, parameters: { id: 7, tags: ["a"] } },
      ],
      issuedAtMs: NOW_MS,
      expiresAtMs: NOW_MS + 60_000,
      credentialRef: "grant://github/acme",
      ...changes,
    }),
  );
}

export function receiptV3(agentReceipt: AgentReceipt = receiptV1()): ReceiptV3 {
  return now(
    countersignReceipt({
      signer: server,
      name: "file-server",
      agentReceipt,
      agentReceiptText: agentReceiptText(agentReceipt, paramsText(agentReceipt)).whole,
      contentHash: contentHash({ content: [] }),
      outcome: { status: "failed", reason: "of its own", error: "disk is full" },
      respondedAtMs: NOW_MS + 40,
    }),
  );
}

/** One of each artifact, with every optional member that it can have. */
export function artifacts(): { readonly [name: string]: unknown } {
  const compound = now(
    signCompoundReceipt({
      signer: agent,
      name: "deploy-bot",
      owner: "platform-team",
      principal: "agent://acme/deploy-bot",
      tool: "read_file",
      target: "mcp://files",
      transport: "http",
      contentHash: contentHash({ content: [] }),
      outcome: { status: "executed" },
      requestedAtMs: NOW_MS,
      respondedAtMs: NOW_MS + 12,
    }),
  );
  return {
    v1: fullReceiptV1(),
    v2: compound,
    v3: { ...receiptV3(fullReceiptV4()), extensions: { region: "eu" } },
    v4: fullReceiptV4(),
    token: fullToken(),
    decision: decision(),
    revocation: now(
      signRevocationRecord({
        signer: authority,
        artifact: decision(),
        revokedBy: "agent://acme/security",
        reason: "left the team",
        issuedAtMs: NOW_MS,
      }),
    ),
  };
}

/** Decisions with each kind of basis. */
export function decisionsByBasis(): AuthorizationDecision[] {
  return [
    decision({ basis: { type: "approval", approver: "user://acme/alice", context: "ticket 7" } }),
    decision({ basis: { type: "approval", approver: "user://acme/alice" } }),
    decision({ basis: { type: "delegation", token_id: token().id, chain_hash: contentHash([]) } }),
    decision({ basis: { type: "risk", engine: "risky", score: "0.2", reason: "low" } }),
    decision({ basis: { type: "external", system: "opa", ref: "bundle/7" } }),
  ];
}
