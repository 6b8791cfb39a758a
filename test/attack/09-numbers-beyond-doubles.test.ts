import { describe, expect, it } from "vitest";
import type { RefusalCode } from "../../src/server.js";
import { expectAcceptedCall, expectRefusedCall } from "./support/expect.js";
import { replaceIn } from "./support/forge.js";
import { openStand } from "./support/stand.js";
import { callMessage } from "./support/wire.js";

type Place = "arguments" | "receipt" | "both";

/** What was signed, what is on the wire instead of it, and where. */
const REFUSED: readonly (readonly [unknown, string, Place, RefusalCode])[] = [
  [null, "1e400", "arguments", "params_mismatch"],
  [null, "-1e400", "arguments", "params_mismatch"],
  [null, "1e400", "receipt", "malformed"],
  [null, "1e400", "both", "malformed"],
  [null, "0", "arguments", "params_mismatch"],
  [null, "false", "arguments", "params_mismatch"],
  [null, "[null]", "arguments", "params_mismatch"],
  [0, "null", "arguments", "params_mismatch"],
  [1e308, "1e309", "arguments", "params_mismatch"],
  [1, "1.0000000000000003", "arguments", "params_mismatch"],
  [1, '"1"', "arguments", "params_mismatch"],
  [2 ** 53 - 1, "9007199254740992", "arguments", "params_mismatch"],
  [2 ** 53 - 1, "9007199254740993", "both", "malformed"],
];

const SAME: readonly (readonly [number, string, Place])[] = [
  [0, "1e-400", "both"],
  [0, "-0", "both"],
  [0, "-0", "arguments"],
  [1, "1.0000000000000001", "arguments"],
  [100, "1e2", "both"],
];

describe("class 9: numbers that JSON has and doubles have not", () => {
  it.each(REFUSED)("does not let a signed %j pass as %s in %s: %s", async (signed, sent, place, code) => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign({ arguments: { limit: signed } });
    const attack = swap(callMessage(genuine, 1), signed, sent, place);
    await expectRefusedCall(stand, wire, attack, code, { id: 1 });
    await expectAcceptedCall(stand, wire, genuine, 1);
  });

  it.each(SAME)(
    "takes a signed %j as %s in %s: to JavaScript it is the same number",
    async (signed, sent, place) => {
      const stand = await openStand();
      const wire = await stand.connect();
      const genuine = await stand.sign({ arguments: { limit: signed } });
      wire.post(swap(callMessage(genuine, 1), signed, sent, place));
      expect(await wire.answer(1)).toHaveProperty("result");
      expect(stand.seen).toEqual([{ limit: expect.closeTo(signed) }]);
    },
  );

  it.each(["1e400", "-1e400", "0", "[null]"])(
    "does not let a hash-only receipt over null pass as %s",
    async (sent) => {
      const stand = await openStand();
      const wire = await stand.connect();
      const genuine = await stand.sign({ arguments: { limit: null }, hashOnly: true });
      const attack = swap(callMessage(genuine, 1), null, sent, "arguments");
      await expectRefusedCall(stand, wire, attack, "params_mismatch", { id: 1 });
      await expectAcceptedCall(stand, wire, genuine, 1);
    },
  );
});

function swap(message: unknown, signed: unknown, sent: string, place: Place): string {
  const text = JSON.stringify(message);
  const member = `"limit":${JSON.stringify(signed)}`;
  const swapped = `"limit":${sent}`;
  const at = text.indexOf('"_meta"');
  const [head, tail] = [text.slice(0, at), text.slice(at)];
  return [
    place === "receipt" ? head : replaceIn(head, member, swapped),
    place === "arguments" ? tail : replaceIn(tail, member, swapped),
  ].join("");
}
