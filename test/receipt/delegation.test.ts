import { describe, expect, it } from "vitest";

import { OptionError } from "../../src/errors.js";
import {
  checkAuthorization,
  checkDelegationChain,
  checkDelegationToken,
  checkReceiptSignature,
  checkRevocationRecord,
  contentHash,
  formatPublicKey,
  parseDelegationToken,
  signRevocationRecord,
} from "../../src/receipt/index.js";
import type { DelegatedInput, DelegationInput, DelegationToken, ReceiptV4 } from "../../src/receipt/index.js";
import {
  NOW_MS,
  agent,
  chainOfTwo,
  decision,
  fullReceiptV4,
  fullToken,
  middle,
  now,
  receiptV4,
  root,
  signerOf,
  token,
} from "./samples.js";

const HOUR_MS = 3_600_000;
const agentParty = { pubkey: formatPublicKey(agent.publicKey), name: "deploy-bot" };
const middleParty = { pubkey: formatPublicKey(middle.publicKey), name: "lead" };

/** A chain whose second token is signed as it is told, whatever the first one allows. */
function chainWith(first: Partial<DelegationInput>, second: Partial<DelegationInput>): DelegationToken[] {
  return [
    token({ delegate: middleParty, maxDepth: 1, ...first }),
    token({ signer: middle, name: "lead", ...second }),
  ];
}

function optionOf(run: () => unknown): string {
  try {
    run();
    return "nothing is thrown";
  } catch (error) {
    return error instanceof OptionError ? error.option : String(error);
  }
}

describe("a token", () => {
  it("verifies, and not when anything that is signed was changed", () => {
    const signed = fullToken();
    expect(checkDelegationToken(signed)).toEqual({ ok: true });
    const { scope, delegate } = signed;
    for (const changed of [
      { ...signed, delegate: { ...delegate, name: "other" } },
      { ...signed, delegate: { pubkey: delegate.pubkey, name: delegate.name } },
      { ...signed, scope: { ...scope, tools: ["*"] } },
      { ...signed, scope: { ...scope, targets: ["*"] } },
      { ...signed, scope: { ...scope, max_depth: 1 } },
      { ...signed, scope: { ...scope, expires: "2099-01-01T00:00:00.000Z" } },
      { ...signed, issued_at: "2099-01-01T00:00:00.000Z" },
      { ...signed, nonce: "other" },
    ]) {
      expect(checkDelegationToken(changed)).toMatchObject({ code: "bad_signature" });
    }
  });

  it("verifies without its constraints and its correlation id, which no signature covers", () => {
    const { correlation_id: _, ...signed } = fullToken();
    const { constraints: _constraints, ...scope } = signed.scope;
    expect(checkDelegationToken({ ...signed, scope })).toEqual({ ok: true });
  });

  it("with a key that is not sound does not count", () => {
    const zero = formatPublicKey(new Uint8Array(32));
    const signed = token();
    const forged = { ...signed, delegator: { ...signed.delegator, pubkey: zero } };
    expect(checkDelegationToken(forged)).toMatchObject({ code: "bad_signature" });
    const chain = [token({ delegate: { pubkey: zero, name: "nobody" } })];
    expect(checkDelegationChain(chain, NOW_MS)).toMatchObject({ code: "bad_delegation" });
  });

  it.each([
    { scope: { tools: [] } },
    { scope: { targets: [] } },
    { scope: { tools: ["*", "read_file"] } },
    { scope: { targets: ["mcp://files", "*"] } },
    { scope: { max_depth: -1 } },
    { scope: { max_depth: 2 ** 32 } },
    { scope: { max_depth: 0.5 } },
    { scope: { budget: 1 } },
    { scope: { constraints: [{ type: "call_count", max_calls: 0 }] } },
    { scope: { constraints: [{ type: "call_count", max_calls: 1, currency: "USD" }] } },
    { scope: { constraints: [{ type: "calls", max_calls: 1 }] } },
    { scope: { constraints: [{ type: "monetary", amount: "0.00", currency: "USD" }] } },
    { scope: { constraints: [{ type: "monetary", amount: "1e3", currency: "USD" }] } },
    { scope: { constraints: [{ type: "monetary", amount: "-1", currency: "USD" }] } },
    { scope: { constraints: [{ type: "monetary", amount: "1.", currency: "USD" }] } },
    { scope: { constraints: [{ type: "monetary", amount: "1", currency: "usd" }] } },
    { scope: { constraints: [{ type: "monetary", amount: 1, currency: "USD" }] } },
    { delegator: { name: "" } },
    { delegate: { name: "" } },
    { delegate: { principal: "alice" } },
  ])("is refused with %j", (change) => {
    const signed = fullToken();
    const value = {
      ...signed,
      scope: { ...signed.scope, ...change.scope },
      delegator: { ...signed.delegator, ...change.delegator },
      delegate: { ...signed.delegate, ...change.delegate },
    };
    expect(parseDelegationToken(value)).toMatchObject({ ok: false, code: "malformed" });
  });

  it.each<[string, Partial<DelegationInput>]>([
    ["tools", { tools: [] }],
    ["targets", { targets: ["*", "mcp://files"] }],
    ["maxDepth", { maxDepth: -1 }],
    ["name", { name: "" }],
    ["principal", { principal: "nobody" }],
    ["delegate.name", { delegate: { ...agentParty, name: "" } }],
    ["expiresAtMs", { expiresAtMs: NOW_MS }],
    ["constraints[0].max_calls", { constraints: [{ type: "call_count", max_calls: 0 }] }],
    ["signer", { parent: token() }],
    ["parent", { signer: agent, parent: token(), delegate: middleParty }],
  ])("is not signed when a verifier would refuse it: %s", (option, changes) => {
    expect(optionOf(() => token(changes))).toBe(option);
  });
});

describe("a chain", () => {
  it("holds when every token narrows the one before", () => {
    expect(checkDelegationChain(chainOfTwo(), NOW_MS)).toEqual({ ok: true });
    expect(checkDelegationChain([fullToken()], NOW_MS)).toEqual({ ok: true });
    const same = chainWith({ tools: ["a", "b"], targets: ["*"] }, { tools: ["b"], targets: ["*"] });
    expect(checkDelegationChain(same, NOW_MS)).toEqual({ ok: true });
  });

  it.each<[string, Partial<DelegationInput>, Partial<DelegationInput>]>([
    ["a tool more", { tools: ["a"] }, { tools: ["a", "b"] }],
    ["all tools", { tools: ["a"] }, { tools: ["*"] }],
    ["another target", { targets: ["mcp://files"] }, { targets: ["mcp://mail"] }],
    ["all targets", { targets: ["mcp://files"] }, { targets: ["*"] }],
    ["the same depth", { maxDepth: 1 }, { maxDepth: 1 }],
    ["more depth", { maxDepth: 1 }, { maxDepth: 7 }],
    ["a later end", { expiresAtMs: NOW_MS + HOUR_MS }, { expiresAtMs: NOW_MS + HOUR_MS + 1 }],
    ["no end", { expiresAtMs: NOW_MS + HOUR_MS }, {}],
    ["more tokens than its depth", { maxDepth: 0 }, {}],
    ["another delegator", {}, { signer: agent }],
  ])("does not hold with %s in its second token", (_, first, second) => {
    expect(checkDelegationChain(chainWith(first, second), NOW_MS)).toMatchObject({ code: "bad_delegation" });
  });

  it("does not hold with a token that somebody else signed, or that was changed", () => {
    const [first, second] = chainOfTwo();
    if (first === undefined || second === undefined) throw new TypeError("no chain");
    const forged = { ...second, sig: token({ signer: agent, name: "lead" }).sig };
    expect(checkDelegationChain([first, forged], NOW_MS)).toMatchObject({ code: "bad_delegation" });
    const widened = { ...second, scope: { ...second.scope, tools: ["*"] } };
    expect(checkDelegationChain([first, widened], NOW_MS)).toMatchObject({ code: "bad_delegation" });
    expect(checkDelegationChain([second, first], NOW_MS)).toMatchObject({ code: "bad_delegation" });
  });

  it("has 1 to 16 tokens", () => {
    const signers = Array.from({ length: 18 }, (_, i) => signerOf(100 + i));
    const chain = signers.slice(0, 17).map((signer, i) =>
      token({
        signer,
        name: `n${i}`,
        delegate: { pubkey: formatPublicKey((signers[i + 1] ?? signer).publicKey), name: `n${i + 1}` },
        maxDepth: 20 - i,
      }),
    );
    expect(checkDelegationChain([], NOW_MS)).toMatchObject({ code: "bad_delegation" });
    expect(checkDelegationChain(chain.slice(0, 16), NOW_MS)).toEqual({ ok: true });
    expect(checkDelegationChain(chain, NOW_MS)).toMatchObject({ code: "bad_delegation" });
  });

  it("expires by the verifier's clock, with the first of its tokens", () => {
    const chain = chainOfTwo();
    expect(checkDelegationChain(chain, NOW_MS + HOUR_MS - 1)).toEqual({ ok: true });
    expect(checkDelegationChain(chain, NOW_MS + HOUR_MS)).toMatchObject({ code: "delegation_expired" });
  });

  it("asks for keys where it is told to", () => {
    const asked: string[] = [];
    const check = checkDelegationChain([token()], NOW_MS, (pubkey) => {
      asked.push(pubkey);
      return undefined;
    });
    expect(check).toMatchObject({ code: "bad_delegation" });
    expect(asked).toContain(agentParty.pubkey);
  });
});

describe("a v4 receipt", () => {
  it.each<[string, Partial<DelegatedInput>]>([
    ["one token", {}],
    ["two tokens", { chain: chainOfTwo() }],
    ["principals and constraints", { chain: [fullToken()] }],
    [
      "a decision",
      { chain: [fullToken()], params: { path: "README.md", lines: [1, 20] }, decision: decision() },
    ],
  ])("signed under %s verifies, and its chain holds", (_, changes) => {
    const receipt = receiptV4(changes);
    expect(checkReceiptSignature(receipt)).toEqual({ ok: true });
    expect(checkAuthorization(receipt, NOW_MS)).toEqual({ ok: true });
  });

  it("names the last delegate, the root, and whom it acts for", () => {
    expect(receiptV4({ chain: chainOfTwo() }).signer).toEqual({ ...agentParty, owner: "alice" });
    expect(fullReceiptV4().signer).toEqual({
      ...agentParty,
      owner: "alice",
      principal: "agent://acme/deploy-bot",
      acting_for: "user://acme/alice",
    });
  });

  const receipt = receiptV4();
  const { authorization, signer, action } = receipt;

  it.each<[string, ReceiptV4]>([
    ["bad_delegation", { ...receipt, authorization: { ...authorization, chain_hash: contentHash([]) } }],
    ["bad_delegation", { ...receipt, authorization: { ...authorization, root_pubkey: agentParty.pubkey } }],
    ["bad_delegation", { ...receipt, authorization: { ...authorization, chain: [] } }],
    ["bad_delegation", { ...receipt, authorization: { ...authorization, chain: [fullToken()] } }],
    ["bad_delegation", { ...receipt, signer: { ...signer, pubkey: middleParty.pubkey } }],
    ["signer_mismatch", { ...receipt, signer: { ...signer, name: "root" } }],
    ["signer_mismatch", { ...receipt, signer: { ...signer, owner: "bob" } }],
    [
      "signer_mismatch",
      { ...fullReceiptV4(), signer: { ...fullReceiptV4().signer, principal: "agent://x/y" } },
    ],
    ["out_of_scope", { ...receipt, action: { ...action, tool: "delete_file" } }],
    ["out_of_scope", { ...receipt, action: { ...action, target: "mcp://mail" } }],
    ["out_of_scope", { ...receipt, action: { ...action, tool: "*" } }],
  ])("that its chain does not cover is found out: %s", (code, changed) => {
    expect(checkAuthorization(changed, NOW_MS)).toMatchObject({ ok: false, code });
  });

  it("has a signature over chain_hash and root_pubkey", () => {
    const other = { ...authorization, chain_hash: contentHash([]) };
    expect(checkReceiptSignature({ ...receipt, authorization: other })).toMatchObject({
      code: "bad_signature",
    });
    const swapped = { ...authorization, chain: [fullToken()] };
    expect(checkReceiptSignature({ ...receipt, authorization: swapped })).toMatchObject({
      code: "bad_delegation",
    });
  });

  it.each<[string, Partial<DelegatedInput>]>([
    ["chain", { chain: [] }],
    ["chain", { signer: middle }],
    ["chain", { tool: "delete_file" }],
    ["chain", { target: "mcp://mail" }],
    ["chain", { chain: chainOfTwo().toReversed() }],
    ["chain", { chain: chainOfTwo(), issuedAtMs: NOW_MS + HOUR_MS }],
    ["chain", { chain: [fullToken()], principal: "agent://acme/other-bot" }],
    ["chain[0].id", { chain: [{ ...token(), id: "del_00" }] }],
    ["decision", { decision: decision(), principal: "agent://acme/deploy-bot" }],
    ["nonce", { nonce: "" }],
  ])("is not signed when a verifier would refuse it: %s", (option, changes) => {
    expect(optionOf(() => receiptV4(changes))).toBe(option);
  });
});

describe("a revocation", () => {
  const revoked = { artifact: fullToken(), revokedBy: "user://acme/alice", issuedAtMs: NOW_MS };

  it("is signed by the artifact's issuer and nobody else", () => {
    const record = now(signRevocationRecord({ ...revoked, signer: root }));
    expect(checkRevocationRecord(record, revoked.artifact)).toEqual({ ok: true });
    expect(checkRevocationRecord({ ...record, reason: "other" }, revoked.artifact)).toMatchObject({
      ok: false,
    });
    expect(checkRevocationRecord(record, token())).toMatchObject({ code: "bad_signature" });
    expect(checkRevocationRecord(record, decision())).toMatchObject({ code: "bad_signature" });
    expect(optionOf(() => signRevocationRecord({ ...revoked, signer: agent }))).toBe("signer");
    expect(optionOf(() => signRevocationRecord({ ...revoked, signer: root, revokedBy: "alice" }))).toBe(
      "revokedBy",
    );
  });
});
