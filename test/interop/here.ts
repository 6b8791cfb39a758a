import {
  agentReceiptText,
  contentHash,
  countersignReceipt,
  intentHash,
  paramsText,
  signAuthorizationDecision,
  signCompoundReceipt,
  signDelegationToken,
  signReceipt,
} from "../../src/receipt/index.js";
import type {
  AgentReceipt,
  AuthorizationDecision,
  DelegationToken,
  Receipt,
  ReceiptInput,
} from "../../src/receipt/index.js";
import { agent, authority, middle, namesOf, root, server } from "./calls.js";
import type { Call, Cut } from "./calls.js";

/** What is signed by this package. */

export function input(call: Call): ReceiptInput {
  const { tool, target, transport, name, owner, params } = call;
  return { signer: agent.signer, tool, target, transport, name, owner, params, issuedAtMs: Date.now() };
}

export async function receiptHere(call: Call, hashOnly: boolean, correlated: boolean): Promise<AgentReceipt> {
  const { params, ...rest } = input(call);
  return signReceipt({
    ...rest,
    ...(hashOnly ? { paramsHash: contentHash(params) } : { params }),
    ...(correlated ? { session: call.name, callId: call.tool, traceId: "", parentReceiptId: "rec_" } : {}),
    expMs: correlated ? rest.issuedAtMs + 3_600_000 : undefined,
    responseHash: correlated ? contentHash(call.result) : undefined,
  });
}

export async function compoundHere(call: Call): Promise<Receipt> {
  const { issuedAtMs, ...rest } = input(call);
  return signCompoundReceipt({
    ...rest,
    contentHash: contentHash(call.result),
    outcome: call.outcome,
    requestedAtMs: issuedAtMs,
    respondedAtMs: issuedAtMs + 5,
  });
}

export async function countersignedHere(agentReceipt: AgentReceipt, call: Call): Promise<Receipt> {
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

export async function chainHere(call: Call, cut: Cut): Promise<DelegationToken[]> {
  const issuedAtMs = Date.now();
  const scope = namesOf(call, cut);
  const first = await signDelegationToken({
    ...scope,
    signer: root.signer,
    name: call.name || "root",
    principal: "user://acme/alice",
    delegate: { pubkey: middle.pubkey, name: "lead" },
    maxDepth: 3,
    expiresAtMs: cut.expires ? issuedAtMs + 7_200_000 : undefined,
    issuedAtMs,
  });
  const second = await signDelegationToken({
    ...scope,
    signer: middle.signer,
    name: "lead",
    delegate: { pubkey: agent.pubkey, name: call.name || "bot", principal: "agent://acme/deploy-bot" },
    maxDepth: 1,
    expiresAtMs: cut.expires ? issuedAtMs + 3_600_000 : undefined,
    constraints: cut.constrained ? [{ type: "call_count", max_calls: 5 }] : undefined,
    parent: first,
    issuedAtMs,
  });
  return [first, second];
}

export async function decisionHere(call: Call): Promise<AuthorizationDecision> {
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
