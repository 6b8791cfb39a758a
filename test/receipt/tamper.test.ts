import { describe, expect, it } from "vitest";

import {
  agentReceiptText,
  bilateralText,
  checkAuthorizationDecision,
  checkDelegationToken,
  checkReceiptSignature,
  importVerifyKey,
  paramsText,
  parseAuthorizationDecision,
  parseDelegationToken,
  parseReceipt,
} from "../../src/receipt/index.js";
import type { Check } from "../../src/receipt/index.js";
import { verifySignature } from "../../src/crypto/ed25519.js";
import { parseSignatureText } from "../../src/crypto/key-text.js";
import { at, changed, paths, without } from "../support/json-paths.js";
import type { Path } from "../support/json-paths.js";
import { agent, artifacts, receiptV1, receiptV3, server } from "./samples.js";

/** What no signature of its own artifact covers (wire format, sections 6 and 9). */
const UNSIGNED = new Set(["extensions", "constraints", "correlation_id"]);

const samples = artifacts();

/** Parses and checks. */
function check(name: string, value: unknown): Check | { readonly ok: false } {
  if (name === "token") {
    const parsed = parseDelegationToken(value);
    return parsed.ok ? checkDelegationToken(parsed.value) : parsed;
  }
  if (name === "decision") {
    const parsed = parseAuthorizationDecision(value);
    return parsed.ok ? checkAuthorizationDecision(parsed.value) : parsed;
  }
  const parsed = parseReceipt(value);
  return parsed.ok ? checkReceiptSignature(parsed.value) : parsed;
}

function other(value: unknown): unknown {
  if (typeof value === "string")
    return value === "" ? "x" : `${value.slice(0, -1)}${value.endsWith("0") ? "1" : "0"}`;
  if (typeof value === "number") return value + 1;
  return value === null ? 0 : null;
}

describe.each(["v1", "v2", "v3", "v4", "token", "decision"])("a signed %s", (name) => {
  const artifact = samples[name];
  const covered = (wanted: "members" | "values"): Path[] =>
    paths(artifact, wanted, UNSIGNED).filter((path) => !UNSIGNED.has(String(path.at(-1))));

  it("holds", () => {
    expect(check(name, artifact)).toEqual({ ok: true });
  });

  it("does not hold when any value in it is another", () => {
    const leaves = covered("values").filter((path) => typeof at(artifact, path) !== "object");
    expect(leaves.filter((path) => check(name, changed(artifact, path, other)).ok)).toEqual([]);
  });

  it("does not hold when anything is taken out of it", () => {
    expect(covered("members").filter((path) => check(name, without(artifact, path)).ok)).toEqual([]);
  });
});

describe("the text that is signed", () => {
  const agentReceipt = receiptV1();
  const text = agentReceiptText(agentReceipt, paramsText(agentReceipt));
  const countersigned = receiptV3(agentReceipt);

  it.each([
    ["v1", agent.publicKey, text.signed, agentReceipt.sig],
    ["v3", server.publicKey, bilateralText(countersigned, text.whole), countersigned.sig],
  ])("of a %s receipt holds, and not with one byte changed", (_, publicKey, signed, sig) => {
    const key = importVerifyKey(publicKey);
    const signature = parseSignatureText(sig) ?? new Uint8Array();
    const message = Buffer.from(signed);
    expect(verifySignature(key, message, signature)).toBe(true);
    for (let i = 0; i < message.length; i++) {
      const tampered = Buffer.from(message);
      tampered[i] = (message[i] ?? 0) ^ (1 << (i % 8));
      expect(verifySignature(key, tampered, signature)).toBe(false);
    }
  });
});
