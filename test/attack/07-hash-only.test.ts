import { describe, expect, it } from "vitest";
import { expectAcceptedCall, expectOnlyGenuinePasses, expectRefusedCall } from "./support/expect.js";
import { replaceIn } from "./support/forge.js";
import { SERVER_KINDS } from "./support/servers.js";
import { openStand } from "./support/stand.js";
import { at, callMessage } from "./support/wire.js";

const SIGNED = { text: "hello", list: [1, { deep: true }] };

/** Texts of JSON in the place of the signed arguments; `undefined` for no such member. */
const OTHERS: readonly (readonly [string, string | undefined])[] = [
  ["no arguments", undefined],
  ["null", "null"],
  ["an empty object", "{}"],
  ["an empty array", "[]"],
  ["an array of the object", '[{"text":"hello","list":[1,{"deep":true}]}]'],
  ["the text of the object", '"{\\"list\\":[1,{\\"deep\\":true}],\\"text\\":\\"hello\\"}"'],
  ["a number", "0"],
  ["false", "false"],
  ["another text", '{"text":"hello!","list":[1,{"deep":true}]}'],
  ["another case of a key", '{"Text":"hello","list":[1,{"deep":true}]}'],
  ["another order of a list", '{"text":"hello","list":[{"deep":true},1]}'],
  ["a number as its text", '{"text":"hello","list":["1",{"deep":true}]}'],
  ["true as 1", '{"text":"hello","list":[1,{"deep":1}]}'],
  ["one more member", '{"text":"hello","list":[1,{"deep":true}],"x":null}'],
  ["an own __proto__", '{"text":"hello","list":[1,{"deep":true}],"__proto__":{}}'],
  ["a list as an object", '{"text":"hello","list":{"0":1,"1":{"deep":true}}}'],
  ["a number beyond doubles", '{"text":"hello","list":[1e400,{"deep":true}]}'],
  ["a lone surrogate", '{"text":"hello","list":[1,{"deep":true}],"x":"\\ud800"}'],
  ["an integer beyond 2^53", '{"text":"hello","list":[9007199254740993,{"deep":true}]}'],
];

describe("class 7: a hash-only receipt with arguments that it does not speak for", () => {
  it.each(OTHERS)("refuses %s, and then lets the signed arguments pass", async (_, other) => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign({ hashOnly: true, arguments: SIGNED });
    const { arguments: __, ...bare } = genuine;
    const id = wire.freshId();
    const text = JSON.stringify(callMessage({ ...bare, arguments: "HERE" }, id));
    const attack =
      other === undefined ? JSON.stringify(callMessage(bare, id)) : replaceIn(text, '"HERE"', other);
    await expectRefusedCall(stand, wire, attack, "params_mismatch", { id });
    await expectAcceptedCall(stand, wire, genuine, id);
  });

  it("takes the signed arguments in any order and any way to write them", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign({ hashOnly: true, arguments: SIGNED });
    const text = JSON.stringify(callMessage({ ...genuine, arguments: "HERE" }, 1));
    wire.post(
      replaceIn(text, '"HERE"', '{ "list" : [1.0, {"\\u0064eep":true}], "te\\u0078t": "hel\\u006co" }'),
    );
    expect(await wire.answer(1)).toHaveProperty("result");
    expect(stand.seen).toEqual([SIGNED]);
  });

  it("refuses one for no arguments that comes with some", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign({ hashOnly: true, arguments: {} });
    await expectOnlyGenuinePasses(
      stand,
      wire,
      { ...genuine, arguments: { x: 1 } },
      "params_mismatch",
      genuine,
    );
  });

  it.each(SERVER_KINDS)(
    "does not run the tool of a %s for one of no arguments with null in their place",
    async (kind) => {
      const stand = await openStand({ server: kind });
      const wire = await stand.connect();
      const call = { ...(await stand.sign({ hashOnly: true, arguments: {} })), arguments: null };
      const answer = await wire.call(call);
      // `null` is hashed as no arguments; what the SDK then says of it is evidence like any other answer.
      expect(at(answer, "result", "content", 0, "text") ?? "{}").toBe("{}");
      const countersignature =
        at(answer, "error", "data", "_signet_bilateral") ??
        at(answer, "result", "_meta", "_signet_bilateral");
      expect(at(countersignature, "v")).toBe(3);
    },
  );

  it.each([false, 0, "", [], "{}"])(
    "refuses one for no arguments that comes with %j in their place",
    async (other) => {
      const stand = await openStand();
      const wire = await stand.connect();
      for (const hashOnly of [true, false]) {
        const genuine = await stand.sign({ hashOnly, arguments: {} });
        await expectOnlyGenuinePasses(
          stand,
          wire,
          { ...genuine, arguments: other },
          "params_mismatch",
          genuine,
        );
      }
    },
  );

  it("refuses one whose own params are another null: missing, or the word", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign({ hashOnly: true, arguments: SIGNED });
    const text = JSON.stringify(callMessage(genuine, 1));
    await expectRefusedCall(stand, wire, replaceIn(text, '"params":null,', ""), "malformed", { id: 1 });
    await expectRefusedCall(
      stand,
      wire,
      replaceIn(text, '"params":null', '"params":"null"'),
      "bad_signature",
      {
        id: 1,
      },
    );
    await expectRefusedCall(stand, wire, replaceIn(text, '"params":null', '"params":{}'), "bad_signature", {
      id: 1,
    });
    await expectAcceptedCall(stand, wire, genuine, 1);
  });

  it("does not take null arguments and signed params of null for one another", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign({ arguments: { value: null } });
    for (const other of [
      {},
      { value: 0 },
      { value: false },
      { value: "" },
      { value: "null" },
      { value: {} },
      null,
    ]) {
      await expectRefusedCall(stand, wire, { ...genuine, arguments: other }, "params_mismatch");
    }
    await expectAcceptedCall(stand, wire, genuine);
  });
});
