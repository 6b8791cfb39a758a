import { describe, expect, it } from "vitest";
import type { RefusalCode } from "../../src/server.js";
import { expectAccepted, expectAcceptedCall, expectRefusedCall } from "./support/expect.js";
import { replaceIn } from "./support/forge.js";
import { SERVER_KINDS } from "./support/servers.js";
import { openStand } from "./support/stand.js";
import { callMessage } from "./support/wire.js";

/** JSON texts of arguments with keys that mean something to JavaScript. */
const ODD: readonly (readonly [string, string])[] = [
  ["an own __proto__", '{"__proto__":{"polluted":true},"n":1}'],
  ["an own __proto__ below the top", '{"a":{"__proto__":{"polluted":true}}}'],
  ["an own __proto__ in a list", '{"a":[{"__proto__":[]}]}'],
  ["an own __proto__ of null", '{"a":{"__proto__":null}}'],
  ["a constructor", '{"constructor":{"prototype":{"polluted":true}}}'],
  ["a toJSON", '{"toJSON":"no function","a":{"toJSON":{}}}'],
  ["a length", '{"length":3,"0":"a","1":"b","2":"c"}'],
  ["keys like numbers", '{"10":1,"9":2,"-1":3,"01":4,"1e3":5,"4294967295":6}'],
  ["a then", '{"then":"x","a":{"then":1}}'],
  ["a valueOf and a toString", '{"valueOf":1,"toString":null}'],
  ["an empty key", '{"":{"":[""]}}'],
  ["keys that sort by code units", '{"\\ud83d\\ude00":1,"\\ufb33":2,"\\u20ac":3,"a":4}'],
  ["keys that differ after normalisation only", '{"\\u00e9":1,"e\\u0301":2}'],
  ["control characters", '{"\\u0000\\u001f\\u007f":"\\b\\f\\n\\r\\t\\u2028"}'],
];

describe("class 21: arguments that mean something to JavaScript", () => {
  it.each(ODD)("takes %s as data, and does not take it for absent", async (_, text) => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign({ arguments: JSON.parse(text) as Record<string, unknown> });
    await expectRefusedCall(stand, wire, { ...genuine, arguments: {} }, "params_mismatch");
    const answer = await expectAcceptedCall(stand, wire, genuine);
    expectAccepted(answer, genuine);
    expect(Object.prototype).not.toHaveProperty("polluted");
  });

  it.each(ODD)("refuses %s that was added in transit", async (_, text) => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign({ arguments: { kept: 1 } });
    const message = JSON.stringify(callMessage(genuine, 1));
    const added = replaceIn(message, '"arguments":{', `"arguments":{${text.slice(1, -1)},`);
    await expectRefusedCall(stand, wire, added, "params_mismatch", { id: 1 });
    await expectAcceptedCall(stand, wire, genuine, 1);
  });

  it.each(ODD)("refuses %s for a hash-only receipt of other arguments", async (_, text) => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign({ hashOnly: true, arguments: {} });
    const message = replaceIn(
      JSON.stringify(callMessage(genuine, 1)),
      '"arguments":{}',
      `"arguments":${text}`,
    );
    await expectRefusedCall(stand, wire, message, "params_mismatch", { id: 1 });
    await expectAcceptedCall(stand, wire, genuine, 1);
  });

  it.each(SERVER_KINDS)("lets a %s run with an own __proto__ below the top, as it was sent", async (kind) => {
    const stand = await openStand({ server: kind });
    const wire = await stand.connect();
    const args = JSON.parse('{"a":{"__proto__":{"x":1},"constructor":2},"b":3}') as Record<string, unknown>;
    await expectAcceptedCall(stand, wire, await stand.sign({ arguments: args }));
    expect(JSON.stringify(stand.seen[0])).toBe(JSON.stringify(args));
  });
});

describe("class 21: members that are there twice", () => {
  it.each<[string, RefusalCode, string, string]>([
    ["arguments", "params_mismatch", '"_meta":', '"arguments":{"text":"evil"},"_meta":'],
    ["name", "wrong_tool", '"_meta":', '"name":"rm","_meta":'],
    ["_meta", "unsigned", "}}}}", '}},"_meta":{}}}'],
    ["params of the receipt", "bad_signature", '"params_hash":', '"params":{"text":"evil"},"params_hash":'],
    ["nonce", "bad_signature", '"id":"rec_', '"nonce":"rnd_1","id":"rec_'],
    ["an argument", "params_mismatch", '"n":1}', '"n":1,"n":2}'],
  ])("takes the last %s for checks and tool alike", async (_, code, before, after) => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign();
    const text = JSON.stringify(callMessage(genuine, 1));
    await expectRefusedCall(stand, wire, replaceIn(text, before, after), code, { id: 1 });
    await expectAcceptedCall(stand, wire, genuine, 1);
  });
});

describe("class 21: arguments of unusual size", () => {
  it("takes 100,000 keys in any order, in a time that grows with their number", async () => {
    const stand = await openStand({
      guard: { limits: { argumentBytes: 8_000_000, receiptBytes: 8_000_000 } },
    });
    const wire = await stand.connect();
    const members = Array.from({ length: 100_000 }, (_, n) => [`key${n}`, n] as const);
    const genuine = await stand.sign({ arguments: Object.fromEntries(members) });
    const reversed = { ...genuine, arguments: Object.fromEntries(members.toReversed()) };
    const started = performance.now();
    wire.post(callMessage(reversed, 1));
    expectAccepted(await wire.answer(1), genuine);
    // With a search for each key it would be minutes.
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it("refuses one changed key among 100,000", async () => {
    const stand = await openStand({
      guard: { limits: { argumentBytes: 8_000_000, receiptBytes: 8_000_000 } },
    });
    const wire = await stand.connect();
    const members = Array.from({ length: 100_000 }, (_, n) => [`key${n}`, n] as const);
    const genuine = await stand.sign({ arguments: Object.fromEntries(members) });
    const other = Object.fromEntries([...members.slice(0, -1), ["key99998x", 99_999]]);
    await expectRefusedCall(stand, wire, { ...genuine, arguments: other }, "params_mismatch");
  });

  it("takes a megabyte of text, and refuses more than the limit as too large", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const text = "x".repeat(1_000_000);
    await expectAcceptedCall(stand, wire, await stand.sign({ arguments: { text } }));
    await expectRefusedCall(stand, wire, await stand.sign({ arguments: { text: text + text } }), "too_large");
    await expectAcceptedCall(stand, wire, await stand.sign());
  });

  it("counts bytes and not characters", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    await expectRefusedCall(
      stand,
      wire,
      await stand.sign({ arguments: { text: "€".repeat(400_000) } }),
      "too_large",
    );
    const hashOnly = await stand.sign({ arguments: { text: "€".repeat(400_000) }, hashOnly: true });
    await expectRefusedCall(stand, wire, hashOnly, "too_large");
  });

  it("refuses large arguments to a small hash-only receipt before they are hashed", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign({ hashOnly: true });
    const many = Array.from({ length: 600_000 }, (_, n) => n);
    await expectRefusedCall(stand, wire, { ...genuine, arguments: { many } }, "too_large");
    await expectAcceptedCall(stand, wire, genuine);
  });

  it.each([
    ["keys that differ at the end of many levels", deepTwins(60)],
    ["a list of equal objects", '{"a":[{"b":1},{"b":1},{"b":1}]}'],
  ])("compares %s in no time", async (_, text) => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign({ arguments: JSON.parse(text) as Record<string, unknown> });
    const other = JSON.parse(text.replace("1", "2")) as unknown;
    const started = performance.now();
    await expectRefusedCall(stand, wire, { ...genuine, arguments: other }, "params_mismatch");
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

/** Objects of two keys, both of which lead on, where a careless comparison takes twice the time for each level. */
function deepTwins(levels: number): string {
  let text = "1";
  for (let level = 0; level < levels; level++) text = `{"a":${text},"b":0}`;
  return text;
}
