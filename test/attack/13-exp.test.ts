import { describe, expect, it } from "vitest";
import { expectAcceptedCall, expectOnlyGenuinePasses, expectRefusedCall } from "./support/expect.js";
import { resigned, tampered } from "./support/forge.js";
import { NOW_MS, openStand } from "./support/stand.js";

const LATER = "2026-11-23T12:04:00.000Z";
const PAST = "2026-11-23T11:59:59.999Z";

const GARBAGE: readonly unknown[] = [
  "never",
  "",
  null,
  0,
  1e13,
  true,
  [],
  {},
  "2099",
  "2099-01-01",
  "2099-01-01T00:00:00",
  "2099-01-01T00:00:00+01:00",
  "2099-01-01 00:00:00Z",
  "2099-02-30T00:00:00Z",
  "2099-01-01T24:00:00Z",
  "2099-12-31T23:59:60Z",
  " 2099-01-01T00:00:00Z",
  "2099-01-01T00:00:00Z\n",
  "2099-01-01t00:00:00z",
  "+002099-01-01T00:00:00Z",
  "9".repeat(10_000),
  `2099-01-01T00:00:00.${"0".repeat(10_000)}Z`,
];

describe("class 13: exp", () => {
  it("refuses one that was added in transit", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign();
    const attack = tampered(genuine, (receipt) => (receipt["exp"] = LATER));
    await expectOnlyGenuinePasses(stand, wire, attack, "bad_signature", genuine);
  });

  it("refuses one that was moved or taken away in transit", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign({ expMs: NOW_MS + 60_000 });
    const moved = tampered(genuine, (receipt) => (receipt["exp"] = LATER));
    await expectRefusedCall(stand, wire, moved, "bad_signature");
    const freed = tampered(genuine, (receipt) => delete receipt["exp"]);
    await expectOnlyGenuinePasses(stand, wire, freed, "bad_signature", genuine);
  });

  it("refuses one that is past, added in transit or signed", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign();
    const added = tampered(genuine, (receipt) => (receipt["exp"] = PAST));
    await expectRefusedCall(stand, wire, added, "expired");
    const signed = await resigned(genuine, stand.alice, (receipt) => (receipt["exp"] = PAST));
    await expectOnlyGenuinePasses(stand, wire, signed, "expired", genuine);
  });

  it("takes a receipt until the millisecond of its exp, and not in it", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    stand.clock.set(NOW_MS + 59_999);
    await expectAcceptedCall(stand, wire, await stand.sign({ issuedAtMs: NOW_MS, expMs: NOW_MS + 60_000 }));
    stand.clock.set(NOW_MS + 60_000);
    const late = await stand.sign({ issuedAtMs: NOW_MS, expMs: NOW_MS + 60_000 });
    await expectRefusedCall(stand, wire, late, "expired");
  });

  it("does not let an exp in the far future stretch the window", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const long = await stand.sign({ expMs: NOW_MS + 365 * 86_400_000 });
    await expectAcceptedCall(stand, wire, long);
    stand.clock.set(NOW_MS + 300_001);
    await expectRefusedCall(stand, wire, long, "too_old");
  });

  it.each(GARBAGE)("refuses an exp of %j that the agent signed", async (exp) => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign();
    const attack = await resigned(genuine, stand.alice, (receipt) => (receipt["exp"] = exp));
    await expectOnlyGenuinePasses(stand, wire, attack, "malformed", genuine);
  });

  it("never puts an exp of null under its countersignature", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign();
    await expectRefusedCall(
      stand,
      wire,
      tampered(genuine, (receipt) => (receipt["exp"] = null)),
      "malformed",
    );
    const answer = await expectAcceptedCall(stand, wire, genuine);
    expect(JSON.stringify(answer)).not.toContain('"exp"');
  });
});
