import { readdirSync } from "node:fs";

import { describe, expect, it } from "vitest";

import {
  agentReceiptText,
  canonicalJson,
  checkAuthorization,
  checkAuthorizationDecision,
  checkDecisionFor,
  checkDelegationChain,
  checkDelegationToken,
  checkReceiptSignature,
  checkRevocationRecord,
  contentHash,
  createSigner,
  intentHash,
  paramsText,
  parseAgentReceipt,
  parseAuthorizationDecision,
  parseDelegationToken,
  parseReceipt,
  parseRevocationRecord,
  signReceipt,
} from "../../src/receipt/index.js";
import type { AgentReceipt, DelegationToken, Parsed, Receipt, ReceiptV4 } from "../../src/receipt/index.js";
import { isPlainObject } from "../../src/lib/json.js";
import { parseTime } from "../../src/lib/time.js";
import { vector, vectorLines } from "./samples.js";
import { utf8 } from "../support/bytes.js";

const FOLDER = "receipts/signet-0.11";
const FILES = readdirSync(new URL(`../vectors/${FOLDER}/`, import.meta.url));
const RECEIPTS = FILES.filter((file) => /^v[1-4]-/.test(file) && !file.endsWith(".result.json"));

function accepted<Value>(parsed: Parsed<Value>): Value {
  if (!parsed.ok) throw new TypeError(parsed.detail);
  return parsed.value;
}

function receiptOf(name: string): Receipt {
  return accepted(parseReceipt(vector(`${FOLDER}/${name}`)));
}

function agentReceiptOf(name: string): AgentReceipt {
  return accepted(parseAgentReceipt(vector(`${FOLDER}/${name}`)));
}

function v4Of(name: string): ReceiptV4 {
  const receipt = agentReceiptOf(name);
  if (receipt.v !== 4) throw new TypeError(`${name} is no v4 receipt`);
  return receipt;
}

function chainOf(name: string): DelegationToken[] {
  const chain = vector(`delegation/${name}.chain.json`);
  if (!Array.isArray(chain)) throw new TypeError(`${name} is no chain`);
  return chain.map((token) => accepted(parseDelegationToken(token)));
}

const atIssue = (receipt: { readonly ts: string }): number => parseTime(receipt.ts) ?? Number.NaN;

describe("receipts of release 0.11", () => {
  it("are all there", () => {
    expect(RECEIPTS).toHaveLength(27);
  });

  it.each(RECEIPTS)("%s is read, is written back the same, and verifies", (file) => {
    const input = vector(`${FOLDER}/${file}`);
    const receipt = receiptOf(file);
    expect(canonicalJson(receipt)).toBe(canonicalJson(input));
    expect(checkReceiptSignature(receipt)).toEqual({ ok: true });
  });

  it.each(RECEIPTS.filter((file) => /^v[14]-/.test(file)))("%s is spliced to its canonical text", (file) => {
    const receipt = agentReceiptOf(file);
    expect(utf8(agentReceiptText(receipt, paramsText(receipt)).whole)).toBe(
      canonicalJson(vector(`${FOLDER}/${file}`)),
    );
  });

  it.each(FILES.filter((file) => file.endsWith(".result.json")))(
    "%s has the hash that was countersigned",
    (file) => {
      const receipt = receiptOf(file.replace(".result.json", ".json"));
      expect(receipt.v === 3 && receipt.response.content_hash).toBe(contentHash(vector(`${FOLDER}/${file}`)));
    },
  );

  it("are the same to the last byte when signed here with the same key, time and nonce", () => {
    const receipt = agentReceiptOf("v1-plain.json");
    const keys = vector(`${FOLDER}/keys.json`);
    if (!isPlainObject(keys) || !isPlainObject(keys["agent"])) throw new TypeError("no keys");
    const { name, owner } = receipt.signer;
    const { tool, params, target, transport } = receipt.action;
    const signed = signReceipt({
      signer: createSigner(Buffer.from(String(keys["agent"]["seed"]), "base64")),
      name,
      owner,
      tool,
      params,
      target,
      transport,
      issuedAtMs: atIssue(receipt),
      nonce: receipt.nonce,
    });
    expect(signed).toEqual(receipt);
  });

  it("v1-exp-past is past its exp, v1-exp-future is not", () => {
    const [past, future] = [agentReceiptOf("v1-exp-past.json"), agentReceiptOf("v1-exp-future.json")];
    expect(past.v === 1 && (parseTime(past.exp) ?? 0) < atIssue(past)).toBe(true);
    expect(future.v === 1 && (parseTime(future.exp) ?? 0) > atIssue(future)).toBe(true);
  });

  it.each(["v4-one", "v4-two", "v4-constraints", "v4-decision", "v4-principals"])(
    "the chain of %s holds",
    (name) => {
      const receipt = v4Of(`${name}.json`);
      expect(checkAuthorization(receipt, atIssue(receipt))).toEqual({ ok: true });
    },
  );

  it("the chain of v4-expired has expired, though every signature holds", () => {
    const receipt = v4Of("v4-expired.json");
    expect(checkAuthorization(receipt, atIssue(receipt))).toMatchObject({ code: "delegation_expired" });
  });
});

describe("decisions of release 0.11", () => {
  const decision = accepted(parseAuthorizationDecision(vector(`${FOLDER}/decision.json`)));

  it("are written back the same and verify", () => {
    expect(canonicalJson(decision)).toBe(canonicalJson(vector(`${FOLDER}/decision.json`)));
    expect(checkAuthorizationDecision(decision)).toEqual({ ok: true });
  });

  it.each(["v1-decision", "v4-decision"])("the one in %s holds for the receipt", (name) => {
    const receipt = agentReceiptOf(`${name}.json`);
    const { authz_decision: carried } = receipt;
    expect(carried !== undefined && checkDecisionFor(carried, receipt, atIssue(receipt))).toEqual({
      ok: true,
    });
  });

  it("does not hold for another call", () => {
    const receipt = agentReceiptOf("v1-plain.json");
    expect(checkDecisionFor(decision, receipt, atIssue(receipt))).toMatchObject({ code: "bad_decision" });
  });

  it("name the intent by the hash that the release computes", () => {
    const sample = vector(`${FOLDER}/decision-intent-hash.json`);
    if (!isPlainObject(sample) || !isPlainObject(sample["action"])) throw new TypeError("no sample");
    const { tool, params, target, transport } = sample["action"];
    const intent = {
      tool: String(tool),
      params_hash: contentHash(params),
      target: String(target),
      transport: String(transport),
    };
    expect(intentHash(intent)).toBe(sample["intent_hash"]);
    expect(intentHash(intent)).toBe(decision.intent_hash);
  });
});

describe.each(["upstream-0.10-python", "upstream-0.10-wasm"])("receipts of release 0.10: %s", (file) => {
  const samples = vector(`receipts/${file}.json`);
  if (!isPlainObject(samples)) throw new TypeError("no samples");

  it.each(Object.entries(samples))("%s is read, is written back the same, and verifies", (_, sample) => {
    if (!isPlainObject(sample)) throw new TypeError("no sample");
    const receipt = accepted(parseReceipt(sample["receipt"]));
    expect(canonicalJson(receipt)).toBe(canonicalJson(sample["receipt"]));
    expect(checkReceiptSignature(receipt)).toEqual({ ok: true });
    const signer = receipt.v === 3 ? receipt.server : receipt.signer;
    const key = sample["public_key"] ?? sample["server_public_key"] ?? sample["delegate_public_key"];
    expect(signer.pubkey).toBe(`ed25519:${String(key)}`);
  });
});

describe("delegations of release 0.11", () => {
  const chains = ["one", "two", "constraints", "expired", "principals"];

  it.each(chains)("the tokens of %s are written back the same and verify", (name) => {
    expect(canonicalJson(chainOf(name))).toBe(canonicalJson(vector(`delegation/${name}.chain.json`)));
    for (const token of chainOf(name)) expect(checkDelegationToken(token)).toEqual({ ok: true });
  });

  it.each(chains)("the chain %s holds, but the expired one", (name) => {
    const chain = chainOf(name);
    const issuedAtMs = Math.max(...chain.map((token) => parseTime(token.issued_at) ?? Number.NaN));
    expect(checkDelegationChain(chain, issuedAtMs)).toMatchObject(
      name === "expired" ? { code: "delegation_expired" } : { ok: true },
    );
  });

  it("the revocation is that of the token with principals, and of no other", () => {
    const [record] = vectorLines("delegation/revocations.jsonl").map((line) =>
      accepted(parseRevocationRecord(line)),
    );
    const [token] = chainOf("principals");
    const [other] = chainOf("one");
    if (record === undefined || token === undefined || other === undefined) throw new TypeError("no record");
    expect(canonicalJson(record)).toBe(canonicalJson(vectorLines("delegation/revocations.jsonl")[0]));
    expect(checkRevocationRecord(record, token)).toEqual({ ok: true });
    expect(checkRevocationRecord(record, other)).toMatchObject({ code: "bad_signature" });
    expect(checkRevocationRecord({ ...record, artifact_id: other.id }, other)).toMatchObject({ ok: false });
  });
});
