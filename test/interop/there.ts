import { expect } from "vitest";

import { parseTime } from "../../src/lib/time.js";
import {
  canonicalJson,
  checkDecisionFor,
  checkDelegationToken,
  checkReceiptSignature,
  parseDelegationToken,
  parseReceipt,
} from "../../src/receipt/index.js";
import type { DelegationToken, Parsed, PublicKeyText, Receipt, VerifyKey } from "../../src/receipt/index.js";
import { soundKey } from "../../src/receipt/signature.js";
import { agent, middle, namesOf, root } from "./calls.js";
import type { Call, Cut } from "./calls.js";
import type { Peer } from "./peer.js";

/** What is signed by the Python package, and how it is read and checked here. */

/** A call as the Python side takes it. */
export function wire(call: Call, seed: string): Readonly<Record<string, unknown>> {
  return {
    ...call,
    params: JSON.stringify(call.params),
    result: JSON.stringify(call.result),
    outcome: call.outcome ?? null,
    seed,
  };
}

export async function chainThere(peer: Peer, call: Call, cut: Cut): Promise<DelegationToken[]> {
  const names = namesOf(call, cut);
  const end = cut.expires ? { expires: "2099-01-01T00:00:00Z" } : {};
  const limits = cut.constrained
    ? { constraints: [{ type: "monetary", amount: "5.00", currency: "EUR" }] }
    : {};
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

/** Parses, and checks that nothing was lost and every signature holds. */
export function accepted(text: string): Receipt {
  const receipt = faithful(parseReceipt, text);
  expect(checkReceiptSignature(receipt, knownKey)).toEqual({ ok: true });
  return receipt;
}

export function faithful<Value>(parse: (value: unknown) => Parsed<Value>, text: string): Value {
  const parsed = parse(JSON.parse(text));
  if (!parsed.ok) throw new Error(`${parsed.detail}: ${text}`);
  expect(canonicalJson(parsed.value)).toBe(canonicalJson(JSON.parse(text)));
  return parsed.value;
}

export function checkCarried(receipt: Receipt): unknown {
  if ((receipt.v !== 1 && receipt.v !== 4) || receipt.authz_decision === undefined) return "no decision";
  return checkDecisionFor(receipt.authz_decision, receipt, parseTime(receipt.ts) ?? Number.NaN, knownKey);
}

const keys = new Map<PublicKeyText, VerifyKey | undefined>();

/** The checks of a key take a millisecond, and these are always the same few. */
export function knownKey(pubkey: PublicKeyText): VerifyKey | undefined {
  if (!keys.has(pubkey)) keys.set(pubkey, soundKey(pubkey));
  return keys.get(pubkey);
}
