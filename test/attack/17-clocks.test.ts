import { describe, expect, it } from "vitest";
import { parseTime } from "../../src/lib/time.js";
import { checkReceiptSignature, parseReceipt } from "../../src/receipt/index.js";
import { expectAcceptedCall, expectOnlyGenuinePasses, expectRefusedCall } from "./support/expect.js";
import { resigned } from "./support/forge.js";
import { NOW_MS, openStand } from "./support/stand.js";
import { at } from "./support/wire.js";

const LENIENT: readonly unknown[] = [
  "2026",
  "2026-11",
  "2026-11-23",
  "2026-11-23T12:00Z",
  "2026-11-23T12:00:00",
  "2026-11-23 12:00:00Z",
  "2026-11-23T12:00:00z",
  "2026-11-23t12:00:00Z",
  "2026-11-23T12:00:00+0000",
  "2026-11-23T12:00:00-00:00",
  "2026-11-23T13:00:00+01:00",
  "2026-11-23T12:00:00.Z",
  "2026-11-23T12:00:00,5Z",
  "2026-11-23T12:00:60Z",
  "2026-11-23T24:00:00Z",
  "2026-11-31T12:00:00Z",
  "2026-W48-1T12:00:00Z",
  "Nov 23 2026 12:00:00 GMT",
  "Mon, 23 Nov 2026 12:00:00 GMT",
  "11/23/2026 12:00:00 UTC",
  " 2026-11-23T12:00:00Z",
  "2026-11-23T12:00:00Z ",
  "2026-11-23T12:00:00Z\n",
  "2026-11-23T12:00:00Z\u0000",
  "\u0662026-11-23T12:00:00Z",
  String(NOW_MS),
  NOW_MS,
  NOW_MS / 1000,
  "",
  null,
  true,
  ["2026-11-23T12:00:00Z"],
  { $date: NOW_MS },
];

describe("class 17: clocks that disagree", () => {
  it.each([10_000, 29_999, 1])(
    "answers a call dated %i ms ahead with a time that other verifiers take",
    async (ahead) => {
      // A store that does not forget at a restart, so that nothing is held.
      const used = new Set<string>();
      const claim = (key: string, nonce: string): "claimed" | "replayed" => {
        const fresh = !used.has(`${key} ${nonce}`);
        used.add(`${key} ${nonce}`);
        return fresh ? "claimed" : "replayed";
      };
      const stand = await openStand({ replay: () => ({ claim }) });
      const wire = await stand.connect();
      const call = await stand.sign({ issuedAtMs: NOW_MS + ahead });
      const answer = await expectAcceptedCall(stand, wire, call);
      const countersignature = at(answer, "result", "_meta", "_signet_bilateral");
      expect(parseTime(at(countersignature, "ts_response"))).toBe(NOW_MS + ahead);
      const parsed = parseReceipt(countersignature);
      if (!parsed.ok) throw new Error(parsed.detail);
      expect(checkReceiptSignature(parsed.value)).toMatchObject({ ok: true });
    },
  );

  it("answers a call dated before with its own time", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const call = await stand.sign();
    stand.clock.advance(250_000);
    const answer = await expectAcceptedCall(stand, wire, call);
    const ts = at(answer, "result", "_meta", "_signet_bilateral", "ts_response");
    expect(parseTime(ts)).toBe(NOW_MS + 250_000);
  });

  it("holds to both ends of the window by the millisecond", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const [old, older] = [await stand.sign(), await stand.sign({ issuedAtMs: NOW_MS })];
    stand.clock.set(NOW_MS + 300_000);
    await expectAcceptedCall(stand, wire, old);
    stand.clock.set(NOW_MS + 300_001);
    await expectRefusedCall(stand, wire, older, "too_old");
    const ahead = await stand.sign({ issuedAtMs: NOW_MS + 300_001 + 30_001 });
    await expectRefusedCall(stand, wire, ahead, "from_future");
  });

  it("takes a time in the fraction of a millisecond, and keeps its text under the signature", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    stand.clock.advance(1);
    for (const ts of [
      "2026-11-23T12:00:00.000123456Z",
      "2026-11-23T12:00:00+00:00",
      "2026-11-23T12:00:00Z",
    ]) {
      const call = await resigned(await stand.sign(), stand.alice, (receipt) => (receipt["ts"] = ts));
      await expectAcceptedCall(stand, wire, call);
    }
  });

  it.each(LENIENT)("refuses a time of %j, though it is signed", async (ts) => {
    const stand = await openStand();
    const wire = await stand.connect();
    const attack = await resigned(await stand.sign(), stand.alice, (receipt) => (receipt["ts"] = ts));
    await expectOnlyGenuinePasses(stand, wire, attack, "malformed");
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    "refuses every call while the server's own clock says %d",
    async (broken) => {
      const stand = await openStand();
      const wire = await stand.connect();
      const call = await stand.sign();
      stand.clock.set(broken);
      const answer = await wire.call(call);
      expect(answer).toHaveProperty("error.data.reason");
      expect(stand.store.claims).toBe(0);
      stand.clock.set(NOW_MS);
      await expectAcceptedCall(stand, wire, call);
    },
  );
});
