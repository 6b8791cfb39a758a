import { describe, expect, it } from "vitest";
import type { RefusalCode } from "../../src/server.js";
import { expectAcceptedCall, expectOnlyGenuinePasses, expectRefusedCall } from "./support/expect.js";
import { resigned } from "./support/forge.js";
import { openStand } from "./support/stand.js";

const NONCES: readonly (readonly [string, RefusalCode, unknown])[] = [
  ["a megabyte", "malformed", "n".repeat(1_000_000)],
  ["ten megabytes", "too_large", "n".repeat(10_000_000)],
  ["129 characters", "malformed", "n".repeat(129)],
  ["nothing", "malformed", ""],
  ["a line feed", "malformed", "rnd_\n"],
  ["a NUL", "malformed", "rnd_\u0000"],
  ["an umlaut", "malformed", "rnd_ü"],
  ["a wide space", "malformed", "rnd_\u3000"],
  ["a number", "malformed", 17],
  ["true", "malformed", true],
  ["null", "malformed", null],
  ["an array", "malformed", ["rnd_1"]],
  ["an object", "malformed", { rnd: 1 }],
];

describe("class 3: nonces that are none", () => {
  it.each(NONCES)("refuses a nonce of %s as %s, though its owner signed it", async (_, code, nonce) => {
    const stand = await openStand();
    const wire = await stand.connect();
    const attack = await resigned(await stand.sign(), stand.alice, (receipt) => (receipt["nonce"] = nonce));
    await expectOnlyGenuinePasses(stand, wire, attack, code);
  });

  it("refuses a receipt without a nonce", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const attack = await resigned(await stand.sign(), stand.alice, (receipt) => delete receipt["nonce"]);
    await expectOnlyGenuinePasses(stand, wire, attack, "malformed");
  });

  it("keeps nothing of long nonces from a stranger", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const sample = await stand.sign({ identity: stand.mallory });
    for (let n = 0; n < 5; n++) {
      const long = await resigned(
        sample,
        stand.mallory,
        (receipt) => (receipt["nonce"] = "n".repeat(900_000)),
      );
      await expectRefusedCall(stand, wire, long, "malformed");
    }
    const text = JSON.stringify(stand.events);
    expect(text.length).toBeLessThan(20_000);
  });

  it("tells nonces apart that differ in the last of 128 characters, or in case", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const stem = "n".repeat(127);
    const nonces = [`${stem}a`, `${stem}b`, `${stem}A`, "rnd_1", "rnd_1 ", " rnd_1", "RND_1"];
    for (const nonce of nonces) await expectAcceptedCall(stand, wire, await stand.sign({ nonce }));
    for (const nonce of nonces) {
      await expectRefusedCall(stand, wire, await stand.sign({ nonce }), "replayed", { claims: 1 });
    }
  });

  it("does not take nonces with names of prototypes for used ones", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    for (const nonce of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
      await expectAcceptedCall(stand, wire, await stand.sign({ nonce }));
    }
  });
});
