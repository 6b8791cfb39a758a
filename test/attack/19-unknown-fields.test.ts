import { describe, expect, it } from "vitest";
import { sha256Text } from "../../src/crypto/digest.js";
import { expectAcceptedCall, expectOnlyGenuinePasses, expectRefusedCall } from "./support/expect.js";
import { replaceIn, resigned, tampered } from "./support/forge.js";
import type { Draft } from "./support/forge.js";
import { openStand } from "./support/stand.js";
import { at, callMessage } from "./support/wire.js";

/** JSON texts of members that no version of the format has, or not there. */
const MEMBERS = [
  '"extra":1',
  '"extensions":{}',
  '"Sig":""',
  '"V":1',
  '"":0',
  '"__proto__":null',
  '"__proto__":{"v":1}',
  '"constructor":{}',
  '"toJSON":1',
  '"then":1',
  '"valueOf":null',
  '"hasOwnProperty":true',
  '"\\u0000":1',
  '"0":1',
  '"server":{}',
  '"agent_receipt":null',
  '"correlation_id":"c-1"',
];

/** Where in the text of a message a member can be slipped in. */
const PLACES: readonly (readonly [string, string])[] = [
  ["at the top of the receipt", '"_signet":{'],
  ["in its action", '"action":{'],
  ["in its signer", '"signer":{'],
];

describe("class 19: unknown members", () => {
  it.each(PLACES)("refuses each of them %s, unsigned", async (_, place) => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign();
    const text = JSON.stringify(callMessage(genuine, 1));
    for (const member of MEMBERS) {
      await expectRefusedCall(stand, wire, replaceIn(text, place, `${place}${member},`), "malformed", {
        id: 1,
      });
    }
    await expectAcceptedCall(stand, wire, genuine, 1);
  });

  it.each<[string, (receipt: Draft) => object]>([
    ["at the top of the receipt", (receipt) => receipt],
    ["in its action", (receipt) => receipt.action],
    ["in its signer", (receipt) => receipt.signer],
  ])("refuses them %s even where the agent signed them", async (_, holder) => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign();
    for (const member of ["extra", "extensions", "constructor", "policy_hash", "limits"]) {
      const attack = await resigned(genuine, stand.alice, (receipt) =>
        Object.assign(holder(receipt), { [member]: 1 }),
      );
      await expectOnlyGenuinePasses(stand, wire, attack, "malformed");
    }
  });

  it("refuses unknown and missing members of a policy attestation", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign();
    const policy = {
      policy_hash: sha256Text("{}"),
      policy_name: "p",
      matched_rules: ["r"],
      decision: "allow",
      reason: "",
    };
    const sign = (value: unknown): Promise<unknown> =>
      resigned(genuine, stand.alice, (receipt) => (receipt["policy"] = value));
    const { reason: _, ...incomplete } = policy;
    for (const bad of [
      { ...policy, extra: 1 },
      incomplete,
      { ...policy, decision: "maybe" },
      [],
      null,
      "allow",
    ]) {
      await expectRefusedCall(stand, wire, await sign(bad), "malformed");
    }
    const added = tampered(genuine, (receipt) => (receipt["policy"] = policy));
    await expectRefusedCall(stand, wire, added, "bad_signature");
    await expectAcceptedCall(stand, wire, await sign(policy));
  });

  it.each(["session", "call_id", "response_hash", "trace_id", "parent_receipt_id"])(
    "refuses an %s that was added in transit",
    async (member) => {
      const stand = await openStand();
      const wire = await stand.connect();
      const genuine = await stand.sign();
      const value = member === "response_hash" ? sha256Text("{}") : "added";
      const attack = tampered(genuine, ({ action }) => (action[member] = value));
      await expectRefusedCall(stand, wire, attack, "bad_signature");
      const nulled = tampered(genuine, ({ action }) => (action[member] = null));
      await expectOnlyGenuinePasses(stand, wire, nulled, "malformed", genuine);
    },
  );

  it.each(["principal", "acting_for"])("refuses a %s that was added in transit", async (member) => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign();
    const attack = tampered(genuine, ({ signer }) => (signer[member] = "user://acme/root"));
    await expectOnlyGenuinePasses(stand, wire, attack, "bad_signature", genuine);
  });
});

describe("class 19: another id", () => {
  it.each<[string, (id: string) => unknown]>([
    ["of another receipt", () => `rec_${"0".repeat(32)}`],
    ["in capitals", (id) => `rec_${id.slice(4).toUpperCase()}`],
    ["with another prefix", (id) => `del_${id.slice(4)}`],
    ["without its prefix", (id) => id.slice(4)],
    ["cut short", (id) => id.slice(0, -2)],
    ["with more digits", (id) => `${id}00`],
    ["with a line feed", (id) => `${id}\n`],
    ["that is empty", () => ""],
    ["that is null", () => null],
    ["that is a list", (id) => [id]],
  ])("refuses an id %s", async (_, change) => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign();
    const attack = tampered(genuine, (receipt) => (receipt["id"] = change(String(receipt["id"]))));
    await expectOnlyGenuinePasses(stand, wire, attack, "malformed", genuine);
  });

  it("refuses a receipt without an id", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign();
    await expectOnlyGenuinePasses(
      stand,
      wire,
      tampered(genuine, (receipt) => delete receipt["id"]),
      "malformed",
      genuine,
    );
  });
});

describe("class 19: two receipts in one call", () => {
  it("takes the compliant alias alone, and both where they are equal", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const [one, two] = [await stand.sign(), await stand.sign()];
    const alias = { ...one, _meta: { "dev.signet/receipt": one._meta._signet } };
    const answer = await wire.call(alias);
    expect(at(answer, "result", "_meta", "_signet_bilateral", "agent_receipt")).toEqual(one._meta._signet);
    const both = { ...two, _meta: { ...two._meta, "dev.signet/receipt": two._meta._signet } };
    await expectAcceptedCall(stand, wire, both);
  });

  it("refuses two that differ in anything, in whichever order they come", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const [one, two] = [await stand.sign(), await stand.sign()];
    for (const other of [two._meta._signet, null, {}, "", [], { ...one._meta._signet, extra: 1 }]) {
      const receipt = one._meta._signet;
      const first = { ...one, _meta: { _signet: receipt, "dev.signet/receipt": other } };
      const second = { ...one, _meta: { "dev.signet/receipt": receipt, _signet: other } };
      await expectRefusedCall(stand, wire, first, "malformed");
      await expectRefusedCall(stand, wire, second, "malformed");
    }
    await expectAcceptedCall(stand, wire, one);
  });

  it("does not look for a receipt anywhere else", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const { _meta: meta, ...call } = await stand.sign();
    const receipt = meta._signet;
    for (const attack of [
      { ...call, _signet: receipt },
      { ...call, _meta: { signet: receipt } },
      { ...call, _meta: { _SIGNET: receipt } },
      { ...call, _meta: { nested: meta } },
      { ...call, arguments: { ...call.arguments, _meta: meta } },
      { ...call, meta },
    ]) {
      await expectRefusedCall(stand, wire, attack, "unsigned");
    }
    const text = JSON.stringify({ ...callMessage({ ...call, _meta: "HERE" }, 1), _meta: meta });
    const inherited = replaceIn(text, '"HERE"', `{"__proto__":${JSON.stringify(meta)}}`);
    await expectRefusedCall(stand, wire, inherited, "unsigned", { id: 1 });
  });

  it("does not take a receipt from a prototype that something else polluted", async () => {
    const stand = await openStand();
    const { _meta: meta, ...call } = await stand.sign();
    for (const [name, value, params] of [
      ["_signet", meta._signet, { ...call, _meta: {} }],
      ["_meta", meta, call],
      ["arguments", call.arguments, { name: call.name, _meta: meta }],
      ["name", call.name, { arguments: call.arguments, _meta: meta }],
    ] as const) {
      const verdict = whilePolluted(name, value, () => stand.guard.verify(params));
      expect(await verdict).toMatchObject({ ok: false });
    }
    expect(stand.store.claims).toBe(0);
  });
});

/** Runs something, as far as it goes at once, while every object inherits a member. */
function whilePolluted<T>(name: string, value: unknown, run: () => T): T {
  // oxlint-disable-next-line no-extend-native -- to see that nothing depends on it
  Object.defineProperty(Object.prototype, name, { value, configurable: true, enumerable: false });
  try {
    return run();
  } finally {
    Reflect.deleteProperty(Object.prototype, name);
  }
}
