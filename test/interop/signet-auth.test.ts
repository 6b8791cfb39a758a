import { readFileSync } from "node:fs";
import { env } from "node:process";

import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import {
  checkAuthorization,
  contentHash,
  parseAuthorizationDecision,
  parseReceipt,
  signDelegatedReceipt,
  signReceipt,
} from "../../src/receipt/index.js";
import { agent, authority, calls, cuts, root, server } from "./calls.js";
import type { Call } from "./calls.js";
import { chainHere, compoundHere, countersignedHere, decisionHere, input, receiptHere } from "./here.js";
import { startPeer } from "./peer.js";
import type { Peer } from "./peer.js";
import { accepted, chainThere, checkCarried, faithful, knownKey, wire } from "./there.js";

const PYTHON = env["SIGNET_PYTHON"];
const RUNS = 500;
const TIMEOUT_MS = 60_000;

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
          fc.asyncProperty(calls, cuts, async (call, cut) => {
            const chain = await chainThere(peer, call, cut);
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
            const chain = delegated
              ? await chainThere(peer, call, { exact: true, expires: false, constrained: false })
              : undefined;
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
          fc.asyncProperty(calls, cuts, fc.boolean(), async (call, cut, decided) => {
            const chain = await chainHere(call, cut);
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

    it("params of 100 levels, the most that are signed here", async () => {
      const params: unknown = JSON.parse(`${"[".repeat(99)}{}${"]".repeat(99)}`);
      const receipt = await signReceipt({ ...input(PLAIN), params });
      expect(await peer.ask("verify", { receipt: JSON.stringify(receipt), key: agent.key })).toBe(true);
      const countersigned = JSON.stringify(await countersignedHere(receipt, PLAIN));
      expect(await peer.ask("verify_bilateral", { receipt: countersigned, key: server.key })).toBe(true);
    });

    it("ten thousand numbers of the author of RFC 8785", async () => {
      const lines = readFileSync(
        new URL("../vectors/jcs/es6testfile-10000.txt", import.meta.url),
        "utf8",
      ).trim();
      const numbers = lines.split("\n").map((line) => Number(line.slice(line.indexOf(",") + 1)));
      const params = numbers.filter((n) => Math.abs(n) < 2 ** 53 || Math.abs(n) >= 2 ** 64);
      expect(params.length).toBeGreaterThan(9000);
      const receipt = JSON.stringify(await signReceipt({ ...input(PLAIN), params }));
      expect(await peer.ask("verify", { receipt, key: agent.key })).toBe(true);
    });
  });
});

const PLAIN: Call = {
  tool: "t",
  target: "mcp://t",
  transport: "stdio",
  name: "n",
  owner: "o",
  params: {},
  result: {},
  outcome: undefined,
};
