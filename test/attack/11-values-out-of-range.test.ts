import { describe, expect, it } from "vitest";
import type { RefusalCode } from "../../src/server.js";
import {
  expectAccepted,
  expectAcceptedCall,
  expectOnlyGenuinePasses,
  expectRefusal,
  expectRefusedCall,
} from "./support/expect.js";
import { replaceIn, resigned, withReceipt } from "./support/forge.js";
import { openStand } from "./support/stand.js";
import { callMessage } from "./support/wire.js";

/** JSON texts that have no canonical form. As the signed and as the sent arguments. */
const VALUES: readonly (readonly [string, RefusalCode, string])[] = [
  ["2^53", "malformed", "9007199254740992"],
  ["-2^53", "malformed", "-9007199254740992"],
  ["2^53 as a float", "malformed", "9007199254740992.0"],
  ["2^53 with an exponent", "malformed", "9.007199254740992e15"],
  ["the last double before 2^64", "malformed", "18446744073709549568"],
  ["an integer of a thousand digits", "malformed", "9".repeat(1000)],
  ["1e400", "malformed", "1e400"],
  ["a lone high surrogate", "malformed", '"\\ud800"'],
  ["a lone low surrogate", "malformed", '"x\\udc00y"'],
  ["surrogates the wrong way round", "malformed", '"\\udc00\\ud800"'],
  ["a lone surrogate in a key", "malformed", '{"\\ud800":1}'],
  ["101 levels", "too_large", nested(100)],
  ["200 levels", "too_large", nested(200)],
  ["6,000 levels", "too_large", nested(6000)],
  ["6,000 levels of objects", "too_large", `${'{"a":'.repeat(6000)}1${"}".repeat(6000)}`],
];

describe("class 11: values out of range", () => {
  it.each(VALUES)("refuses %s in receipt and arguments as %s", async (_, code, text) => {
    const stand = await openStand();
    const wire = await stand.connect();
    const message = JSON.stringify(callMessage(await stand.sign({ arguments: { x: "HERE" } }), 1));
    const both = replaceIn(replaceIn(message, '"HERE"', text), '"HERE"', text);
    await expectRefusedCall(stand, wire, both, code, { id: 1 });
    await expectAcceptedCall(stand, wire, await stand.sign(), 1);
  });

  it.each(VALUES)("refuses %s in the arguments alone", async (_, code, text) => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign({ arguments: { x: "HERE" } });
    const message = replaceIn(JSON.stringify(callMessage(genuine, 1)), '"HERE"', text);
    const expected = code === "malformed" ? "params_mismatch" : code;
    await expectRefusedCall(stand, wire, message, expected, { id: 1 });
    await expectAcceptedCall(stand, wire, genuine, 1);
  });

  it.each([
    ["100 levels", nested(99)],
    ["2^53 - 1", "9007199254740991"],
    ["a pair of surrogates", '"\\ud83d\\ude00"'],
    ["the smallest double", "5e-324"],
    ["2^64, which is a double again", "18446744073709551616"],
  ])("takes %s", async (_, text) => {
    const stand = await openStand();
    const wire = await stand.connect();
    await expectAcceptedCall(
      stand,
      wire,
      await stand.sign({ arguments: { x: JSON.parse(text) as unknown } }),
    );
  });

  it.each<[string, RefusalCode, (deep: unknown) => object]>([
    ["a receipt", "too_large", (deep) => withDeep({ _signet: deep })],
    ["the alias of a receipt", "too_large", (deep) => withDeep({ "dev.signet/receipt": deep })],
    ["a receipt of known members", "too_large", (deep) => withDeep({ _signet: { v: 1, action: deep } })],
    [
      "a receipt and its alias",
      "too_large",
      (deep) => withDeep({ _signet: deep, "dev.signet/receipt": deep }),
    ],
  ])("refuses %s of 6,000 levels as %s", async (_, code, make) => {
    const stand = await openStand();
    const wire = await stand.connect();
    const message = JSON.stringify(callMessage(make("DEEP"), 1));
    wire.post(message.replaceAll('"DEEP"', () => nested(6000)));
    // Two are measured before they are compared.
    expectRefusal(await wire.answer(1), code);
    expect(stand.runs()).toBe(0);
    await expectAcceptedCall(stand, wire, await stand.sign());
  });

  it("does not look into the rest of _meta, however deep it is", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign();
    const meta = { ...genuine._meta, other: "DEEP" };
    const message = JSON.stringify(callMessage({ ...genuine, _meta: meta }, 1));
    wire.post(replaceIn(message, '"DEEP"', nested(6000)));
    expectAccepted(await wire.answer(1), genuine);
  });
});

const RECEIPTS: readonly (readonly [string, RefusalCode, unknown])[] = [
  ["null", "malformed", null],
  ["true", "malformed", true],
  ["a number", "malformed", 1],
  ["a text", "malformed", "receipt"],
  ["the text of a receipt", "malformed", "{}"],
  ["a list", "malformed", []],
  ["an object of nothing", "malformed", {}],
  ["a list of a receipt", "malformed", [{ v: 1 }]],
  ["two megabytes of text", "too_large", "x".repeat(2_000_000)],
  ["a million members", "too_large", Array.from({ length: 1_200_000 }, () => 0)],
];

describe("class 11: receipts and members of another type", () => {
  it.each(RECEIPTS)("refuses a receipt that is %s as %s", async (_, code, receipt) => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign();
    await expectOnlyGenuinePasses(stand, wire, withReceipt(genuine, receipt), code, genuine);
  });

  const OTHERS: readonly unknown[] = ["alice", 1, true, null, [], ["alice"], {}, { length: 1 }];
  const MEMBERS = ["action", "signer", "ts", "sig", "id", "nonce"];

  it.each(MEMBERS)("refuses a receipt whose %s is of every other type", async (member) => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign();
    for (const other of OTHERS) {
      if (member === "nonce" && other === "alice") continue;
      const receipt = { ...genuine._meta._signet, [member]: other };
      await expectRefusedCall(stand, wire, withReceipt(genuine, receipt), "malformed");
    }
    await expectAcceptedCall(stand, wire, genuine);
  });

  it.each(["pubkey", "name", "owner", "principal", "acting_for"])(
    "refuses a signer whose %s is of every other type, though it is signed",
    async (member) => {
      const stand = await openStand();
      const wire = await stand.connect();
      const genuine = await stand.sign();
      for (const other of OTHERS.slice(1)) {
        const attack = await resigned(genuine, stand.alice, ({ signer }) => (signer[member] = other));
        await expectRefusedCall(stand, wire, attack, "malformed");
      }
      await expectAcceptedCall(stand, wire, genuine);
    },
  );

  it.each([
    "tool",
    "target",
    "transport",
    "session",
    "call_id",
    "trace_id",
    "parent_receipt_id",
    "response_hash",
  ])("refuses an action whose %s is of every other type, though it is signed", async (member) => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign();
    for (const other of OTHERS.slice(1)) {
      const attack = await resigned(genuine, stand.alice, ({ action }) => (action[member] = other));
      await expectRefusedCall(stand, wire, attack, "malformed");
    }
    await expectAcceptedCall(stand, wire, genuine);
  });

  it.each(["tool", "target", "transport", "name", "owner"])(
    "refuses a lone surrogate in the %s",
    async (member) => {
      const stand = await openStand();
      const wire = await stand.connect();
      const genuine = await stand.sign();
      const receipt = structuredClone(genuine._meta._signet) as unknown as { action: object; signer: object };
      const holder = member in receipt.action ? receipt.action : receipt.signer;
      Object.assign(holder, { [member]: "\ud800" });
      await expectRefusedCall(stand, wire, withReceipt(genuine, receipt), "malformed");
      await expectAcceptedCall(stand, wire, genuine);
    },
  );

  it.each([undefined, null, 1, true, "text", [], [{}]])(
    "answers a call with params of %j",
    async (params) => {
      const stand = await openStand();
      const wire = await stand.connect();
      const message = JSON.stringify(callMessage(params, 1));
      await expectRefusedCall(stand, wire, message, "unsigned", { id: 1 });
    },
  );

  it.each([null, 1, true, "text", [], [{ _signet: {} }]])("answers a call with _meta of %j", async (meta) => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign();
    await expectOnlyGenuinePasses(stand, wire, { ...genuine, _meta: meta }, "unsigned", genuine);
  });
});

function nested(levels: number): string {
  return "[".repeat(levels) + "]".repeat(levels);
}

function withDeep(meta: object): object {
  return { name: "echo", arguments: {}, _meta: meta };
}
