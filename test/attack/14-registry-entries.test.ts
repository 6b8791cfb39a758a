import { describe, expect, it } from "vitest";
import { createGuard } from "../../src/server.js";
import type { RefusalCode } from "../../src/server.js";
import { testIdentity, testRegistry, testRegistryText } from "../../src/testing.js";
import type { TestEntry } from "../../src/testing.js";
import { parseTrustRegistry } from "../../src/trust/parse.js";
import { expectAcceptedCall, expectRefusedCall } from "./support/expect.js";
import { resigned } from "./support/forge.js";
import { NOW_MS, openStand, TARGET } from "./support/stand.js";

const INVALID = expect.objectContaining({ code: "registry_invalid" }) as Error;

describe("class 14: registries that do not hold", () => {
  it("does not take a key that is listed twice, whatever the two entries say", () => {
    const alice = testIdentity("alice");
    for (const other of [
      { ...alice, id: "again" },
      { ...alice, id: "again", name: "bob" },
      { ...alice, id: "again", status: "revoked" as const },
      { ...alice, id: "again", expiresAt: "2020-01-02T00:00:00Z" },
    ]) {
      expect(() => testRegistry({ agents: [alice, other] })).toThrow(INVALID);
      expect(() => testRegistry({ agents: [other, alice] })).toThrow(INVALID);
    }
  });

  it("does not take two entries of one id", () => {
    const [alice, bob] = [testIdentity("alice"), testIdentity("bob")];
    const agents = [
      { ...alice, id: "one" },
      { ...bob, id: "one" },
    ];
    expect(() => testRegistry({ agents })).toThrow(INVALID);
  });

  it("does not start without agents: it does not mean that anybody is trusted", async () => {
    const server = testIdentity("server");
    const identity = { signer: server.signer, name: server.name };
    const empty = testRegistryText({ agents: [] });
    await expect(
      createGuard({
        registry: parseTrustRegistry(empty, { requireAgents: false }),
        identity,
        target: TARGET,
      }),
    ).rejects.toMatchObject({ code: "registry_empty" });
    expect(() => parseTrustRegistry(empty)).toThrow(expect.objectContaining({ code: "registry_empty" }));
    expect(() => parseTrustRegistry("")).toThrow(expect.objectContaining({ name: "TrustRegistryError" }));
  });

  it.each<[string, RefusalCode, Partial<TestEntry>]>([
    ["is created in a millisecond", "key_not_yet_valid", { createdAt: at(1) }],
    ["is created in a year", "key_not_yet_valid", { createdAt: "2027-11-23T12:00:00Z" }],
    ["expires now", "key_expired", { expiresAt: at(0) }],
    ["expired long ago", "key_expired", { expiresAt: "2021-01-01T00:00:00Z" }],
    ["is disabled", "key_disabled", { status: "disabled" }],
    ["is revoked", "key_revoked", { status: "revoked" }],
    ["has another name", "signer_mismatch", { name: "alicia" }],
    ["has the name in capitals", "signer_mismatch", { name: "ALICE" }],
    ["has the name with a space", "signer_mismatch", { name: "alice " }],
    ["has another owner", "signer_mismatch", { owner: "other" }],
    ["has a principal", "signer_mismatch", { principal: "agent://acme/alice" }],
    ["may call nothing", "out_of_scope", { tools: [] }],
    ["may call another tool", "out_of_scope", { tools: ["ech", "echo2", "ECHO", "e?ho", "[e]cho", "echo "] }],
    ["may call at no target", "out_of_scope", { targets: [] }],
    ["may call at another target", "out_of_scope", { targets: ["mcp://*.attacked", "attacked", "mcp:/*/"] }],
  ])("refuses a key that %s with %s", async (_, code, entry) => {
    const stand = await openStand({ agents: ({ alice, bob }) => [{ ...alice, ...entry }, bob] });
    const wire = await stand.connect();
    await expectRefusedCall(stand, wire, await stand.sign(), code);
    await expectAcceptedCall(stand, wire, await stand.sign({ identity: stand.bob }));
  });

  it.each<[string, Partial<TestEntry>]>([
    ["is created now", { createdAt: at(0) }],
    ["expires in a millisecond", { expiresAt: at(1) }],
    ["may call everything", { tools: ["*"], targets: ["*"] }],
    ["may call by patterns", { tools: ["nothing", "e*o"], targets: ["mcp://*"] }],
  ])("takes a key that %s", async (_, entry) => {
    const stand = await openStand({ agents: ({ alice }) => [{ ...alice, ...entry }] });
    await expectAcceptedCall(stand, await stand.connect(), await stand.sign());
  });

  it.each<["roots" | "servers", "disabled" | "revoked", RefusalCode]>([
    ["roots", "revoked", "key_revoked"],
    ["roots", "disabled", "key_disabled"],
    ["servers", "revoked", "key_revoked"],
    ["servers", "disabled", "key_disabled"],
  ])("refuses an agent's key that is in %s and %s there", async (section, status, code) => {
    const alice = testIdentity("alice");
    const registry = testRegistry({ agents: [alice], [section]: [{ ...alice, status }] });
    const stand = await openStand({ guard: { registry } });
    const wire = await stand.connect();
    await expectRefusedCall(stand, wire, await stand.sign({ identity: alice }), code);
  });

  it.each(["roots", "servers"])(
    "does not take a key that is listed in %s alone for an agent's",
    async (section) => {
      const [alice, other] = [testIdentity("alice"), testIdentity("other")];
      const registry = testRegistry({ agents: [alice], [section]: [other] });
      const stand = await openStand({ guard: { registry } });
      const wire = await stand.connect();
      await expectRefusedCall(stand, wire, await stand.sign({ identity: other }), "untrusted_signer");
      await expectAcceptedCall(stand, wire, await stand.sign({ identity: alice }));
    },
  );

  it("does not let a key call under the name of another one, though both are listed", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const { alice, bob } = stand;
    const asBob = await stand.sign({ identity: { signer: alice.signer, name: bob.name, owner: bob.owner } });
    await expectRefusedCall(stand, wire, asBob, "signer_mismatch");
  });

  it("binds the principal where the entry has one, and reports none where it has not", async () => {
    const principal = "agent://acme/alice";
    const stand = await openStand({ agents: ({ alice, bob }) => [{ ...alice, principal }, bob] });
    const wire = await stand.connect();
    const sign = async (identity: typeof stand.alice, claim: string): Promise<unknown> =>
      resigned(await stand.sign({ identity }), identity, ({ signer }) => (signer["principal"] = claim));
    await expectRefusedCall(stand, wire, await sign(stand.alice, "agent://acme/bob"), "signer_mismatch");
    await expectAcceptedCall(stand, wire, await sign(stand.alice, principal));
    await expectAcceptedCall(stand, wire, await sign(stand.bob, principal));
    const signers = stand.events.flatMap((event) => (event.type === "accepted" ? [event.call.signer] : []));
    expect(signers.map((signer) => signer.principal)).toEqual([principal, undefined]);
  });

  it("takes an empty owner as no claim, and shows the registry's", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    await expectAcceptedCall(stand, wire, await stand.sign({ identity: { ...stand.alice, owner: "" } }));
    const accepted = stand.events.find((event) => event.type === "accepted");
    expect(accepted).toMatchObject({ call: { signer: { name: "alice", owner: "test" } } });
  });

  it("lets a key without tools call nothing where tools are required", async () => {
    const stand = await openStand({
      guard: { requireTools: true },
      agents: ({ alice, bob }) => [alice, { ...bob, tools: ["echo"] }],
    });
    const wire = await stand.connect();
    await expectRefusedCall(stand, wire, await stand.sign(), "out_of_scope");
    await expectAcceptedCall(stand, wire, await stand.sign({ identity: stand.bob }));
  });
});

function at(afterMs: number): string {
  return new Date(NOW_MS + afterMs).toISOString();
}
