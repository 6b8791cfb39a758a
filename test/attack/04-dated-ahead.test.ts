import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createMemoryReplayStore } from "../../src/replay/memory.js";
import type { ReplayStore } from "../../src/server.js";
import type { PinnedClock } from "../../src/testing.js";
import { expectAccepted, expectAcceptedCall, expectRefusal, expectRefusedCall } from "./support/expect.js";
import { NOW_MS, openStand } from "./support/stand.js";
import { callMessage } from "./support/wire.js";

const SKEW_MS = 30_000;

afterEach(() => {
  vi.useRealTimers();
});

/** Does what the contract says and no more: a nonce is forgotten in the very millisecond in which it may be. */
function forgetfulStore(clock: PinnedClock): ReplayStore {
  const expiries = new Map<string, number>();
  return {
    claim(key, nonce, expiresAtMs) {
      for (const [used, expiry] of expiries) if (expiry < clock()) expiries.delete(used);
      const name = `${key} ${nonce}`;
      if (expiries.has(name)) return "replayed";
      expiries.set(name, expiresAtMs);
      return "claimed";
    },
  };
}

describe("class 4: a receipt dated ahead, replayed when its nonce may be forgotten", () => {
  it.each([
    ["by default", undefined],
    ["with a window of an hour", 3_600_000],
    ["with a window of a second", 1000],
  ])("does not run it a second time at any moment inside the window, %s", async (_, maxAgeMs) => {
    const guard = maxAgeMs === undefined ? {} : { maxAgeMs };
    const stand = await openStand({ replay: forgetfulStore, guard });
    const wire = await stand.connect();
    const issuedAtMs = NOW_MS + SKEW_MS - 1000;
    const captured = await stand.sign({ issuedAtMs });
    await expectAcceptedCall(stand, wire, captured);
    const lastMs = issuedAtMs + (maxAgeMs ?? 300_000);
    for (const atMs of [NOW_MS + 1, issuedAtMs, NOW_MS + (maxAgeMs ?? 300_000), lastMs - 1, lastMs]) {
      stand.clock.set(atMs);
      await expectRefusedCall(stand, wire, captured, "replayed");
    }
    stand.clock.set(lastMs + 1);
    await expectRefusedCall(stand, wire, captured, "too_old");
    expect(stand.runs()).toBe(1);
  });

  it("asks the store to keep a nonce for longer than any receipt can pass, by the clock of any server", async () => {
    const asked: number[] = [];
    const claim: ReplayStore["claim"] = (_key, _nonce, expiresAtMs, issuedAtMs) => {
      asked.push(expiresAtMs - issuedAtMs);
      return "claimed";
    };
    const stand = await openStand({ replay: () => ({ claim }), guard: { maxAgeMs: 7000, clockSkewMs: 500 } });
    await expectAcceptedCall(stand, await stand.connect(), await stand.sign());
    expect(asked).toEqual([expect.any(Number)]);
    expect(asked[0]).toBeGreaterThan(7000 + 500);
  });

  it("does not run it a second time when the server's clock went back in between", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const captured = await stand.sign();
    await expectAcceptedCall(stand, wire, captured);
    stand.clock.advance(331_000 + 5000);
    await expectRefusedCall(stand, wire, captured, "too_old");
    await expectAcceptedCall(stand, wire, await stand.sign());
    stand.clock.set(NOW_MS + 1000);
    await expectRefusedCall(stand, wire, captured, "replay_unavailable", { claims: 1 });
  });

  it("refuses what is dated ahead by more than the skew, and takes what is not", async () => {
    const stand = await openStand({ replay: forgetfulStore });
    const wire = await stand.connect();
    const sign = (aheadMs: number): Promise<unknown> => stand.sign({ issuedAtMs: NOW_MS + aheadMs });
    await expectRefusedCall(stand, wire, await sign(SKEW_MS + 1), "from_future");
    await expectRefusedCall(stand, wire, await sign(400 * 86_400_000), "from_future");
    await expectAcceptedCall(stand, wire, await sign(SKEW_MS));
  });

  it("holds it until its time when the store forgets at a restart, and runs one of its copies", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const captured = await stand.sign({ issuedAtMs: NOW_MS + 29_000 });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const ids = ["a", "b", "c"];
    for (const id of ids) wire.post(callMessage(captured, id));
    await pass(stand.clock, 28_999);
    await wire.quiet();
    expect(stand.runs()).toBe(0);
    expect(stand.store.claims).toBe(0);
    await pass(stand.clock, 1);
    const answers = await Promise.all(ids.map((id) => wire.answer(id)));
    expect(stand.runs()).toBe(1);
    expect(answers.filter((answer) => "result" in answer)).toHaveLength(1);
    for (const answer of answers.filter((one) => "error" in one)) expectRefusal(answer, "replayed");
    expect(stand.guard.health().callsInFlight).toBe(0);
  });

  it("refuses copies at once while it is held: they cannot take the places of other calls", async () => {
    const stand = await openStand({ guard: { limits: { callsInFlight: 2 } } });
    const [wire, other] = [await stand.connect(), await stand.connect("v2 Server")];
    const captured = await stand.sign({ issuedAtMs: NOW_MS + 20_000 });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    wire.post(callMessage(captured, "first"));
    for (let copy = 0; copy < 50; copy++) expectRefusal(await wire.call(captured), "replayed");
    expectRefusal(await other.call(captured), "replayed");
    expect(stand.guard.health().callsInFlight).toBe(1);
    const honest = await stand.sign({ identity: stand.bob });
    expectAccepted(await other.call(honest), honest);
    // Another signer's nonce is another one.
    const { nonce } = captured._meta._signet;
    wire.post(
      callMessage(await stand.sign({ identity: stand.bob, nonce, issuedAtMs: NOW_MS + 20_000 }), "bob"),
    );
    await pass(stand.clock, 20_000);
    expect(await wire.answer("first")).toHaveProperty("result");
    expect(await wire.answer("bob")).toHaveProperty("result");
  });

  it("can be sent again once it was cancelled while it was held: its nonce is not burnt", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const held = await stand.sign({ issuedAtMs: NOW_MS + 20_000 });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    wire.post(callMessage(held, 1));
    await wire.quiet();
    wire.post({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
    await wire.quiet();
    wire.post(callMessage(held, 2));
    await pass(stand.clock, 20_000);
    expect(await wire.answer(2)).toHaveProperty("result");
    expect(stand.runs()).toBe(1);
  });

  it("says by event that a client's clock is fast, once for each call that is held for more than a second", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    for (const aheadMs of [500, 1000, 1001, 29_000]) {
      wire.post(callMessage(await stand.sign({ issuedAtMs: NOW_MS + aheadMs }), wire.freshId()));
    }
    await wire.quiet();
    await pass(stand.clock, 29_000);
    const held = stand.events.filter((event) => event.type === "held");
    expect(held).toEqual([
      { type: "held", heldMs: 1001 },
      { type: "held", heldMs: 29_000 },
    ]);
  });

  it("does not accept again after a restart what was dated ahead before it", async () => {
    const before = await openStand();
    const wire = await before.connect();
    const captured = await before.sign({ issuedAtMs: NOW_MS + 20_000 });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    wire.post(callMessage(captured, 1));
    await pass(before.clock, 20_000);
    expect(await wire.answer(1)).toHaveProperty("result");
    vi.useRealTimers();

    const agents = (): (typeof before.alice)[] => [before.alice];
    const restarted = await openStand({
      agents,
      replay: () => createMemoryReplayStore({ clock: () => NOW_MS + 20_001 }),
    });
    restarted.clock.set(NOW_MS + 20_001);
    await expectRefusedCall(restarted, await restarted.connect(), captured, "issued_before_start");
  });

  it("does not run a held call whose key is not valid any more when its time comes", async () => {
    const expiresAt = new Date(NOW_MS + 10_000).toISOString();
    const stand = await openStand({ agents: ({ alice, bob }) => [{ ...alice, expiresAt }, bob] });
    const wire = await stand.connect();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    wire.post(callMessage(await stand.sign({ issuedAtMs: NOW_MS + 20_000 }), 1));
    await pass(stand.clock, 20_000);
    expectRefusal(await wire.answer(1), "key_expired");
    expect(stand.runs()).toBe(0);
  });

  it("does not run a held call whose own exp has passed when its time comes", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const slow = await stand.sign({ issuedAtMs: NOW_MS + 20_000, expMs: NOW_MS + 20_001 });
    wire.post(callMessage(slow, 1));
    await pass(stand.clock, 25_000);
    expectRefusal(await wire.answer(1), "expired");
    expect(stand.runs()).toBe(0);
  });
});

/** Lets time pass for clocks and timers alike. */
async function pass(clock: PinnedClock, ms: number): Promise<void> {
  // What was posted before is verified at the time before.
  await nextTurn();
  clock.advance(ms);
  await vi.advanceTimersByTimeAsync(ms);
}
