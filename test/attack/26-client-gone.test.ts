import { describe, expect, it, vi } from "vitest";
import { expectAccepted, expectAcceptedCall, expectRefusedCall } from "./support/expect.js";
import { slowTool } from "./support/gate.js";
import { SERVER_KINDS } from "./support/servers.js";
import { NOW_MS, openStand } from "./support/stand.js";
import { callMessage } from "./support/wire.js";

describe("class 26: the client is gone, or cancels, while its call is verified", () => {
  it.each(SERVER_KINDS)(
    "does not run the tool of a %s when the connection closed meanwhile",
    async (kind) => {
      const stand = await openStand({ server: kind });
      const wire = await stand.connect();
      const before = wire.sent.length;
      stand.store.hold();
      wire.post(callMessage(await stand.sign(), 1));
      await wire.quiet();
      expect(stand.guard.health().callsInFlight).toBe(1);
      wire.hangUp();
      stand.store.release();
      await wire.quiet();
      expect(stand.runs()).toBe(0);
      expect(wire.sent).toHaveLength(before);
      expect(stand.guard.health().callsInFlight).toBe(0);
      expect(stand.guard.health().counts.accepted).toBe(0);
      await expectAcceptedCall(stand, await stand.connect(), await stand.sign());
    },
  );

  it.each(SERVER_KINDS)(
    "does not run the tool of a %s when the call was cancelled meanwhile",
    async (kind) => {
      const stand = await openStand({ server: kind });
      const wire = await stand.connect();
      stand.store.hold();
      wire.post(callMessage(await stand.sign(), 1));
      await wire.quiet();
      wire.post({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
      await wire.quiet();
      stand.store.release();
      await wire.quiet();
      expect(stand.runs()).toBe(0);
      expect(wire.answersTo(1)).toEqual([]);
      expect(stand.guard.health().callsInFlight).toBe(0);
      expect(stand.events).toContainEqual({ type: "cancelled", method: "tools/call", ran: false });
      await expectAcceptedCall(stand, wire, await stand.sign(), 1);
    },
  );

  it("does not run the other calls of the connection either, and leaves those of others alone", async () => {
    const stand = await openStand();
    const [gone, stays] = [await stand.connect(), await stand.connect()];
    const calls = await Promise.all(Array.from({ length: 20 }, () => stand.sign()));
    const kept = await stand.sign({ arguments: { kept: true } });
    stand.store.hold();
    calls.forEach((call, id) => {
      gone.post(callMessage(call, id));
    });
    stays.post(callMessage(kept, 1));
    await gone.quiet();
    gone.hangUp();
    stand.store.release();
    expectAccepted(await stays.answer(1), kept);
    await gone.quiet();
    expect(stand.seen).toEqual([{ kept: true }]);
    expect(stand.guard.health().callsInFlight).toBe(0);
  });

  it("does not run a call that was cancelled in the very tick in which it came", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    stand.store.hold();
    const call = await stand.sign();
    wire.postBatch([
      callMessage(call, 1),
      { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } },
    ]);
    await wire.quiet();
    stand.store.release();
    await wire.quiet();
    expect(stand.runs()).toBe(0);
  });

  it("ends the wait of a call that is held until its time, and claims nothing for it", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      for (const id of [1, 2]) wire.post(callMessage(await stand.sign({ issuedAtMs: NOW_MS + 20_000 }), id));
      await wire.quiet();
      expect(vi.getTimerCount()).toBe(2);
      wire.post({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
      await wire.quiet();
      expect(vi.getTimerCount()).toBe(1);
      wire.hangUp();
      await wire.quiet();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
    expect(stand.store.claims).toBe(0);
    expect(stand.runs()).toBe(0);
    expect(stand.guard.health().callsInFlight).toBe(0);
  });

  it("takes no message of a connection after it closed", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    wire.hangUp();
    wire.post(callMessage(await stand.sign(), 1));
    await wire.quiet();
    expect(stand.runs()).toBe(0);
    expect(stand.store.claims).toBe(0);
  });

  it("says of a call whose client went while its tool ran that it is unfinished, and sends nothing", async () => {
    const slow = slowTool();
    const stand = await openStand({ tools: { slow: slow.tool } });
    const wire = await stand.connect();
    const call = await stand.sign({ tool: "slow" });
    wire.post(callMessage(call, 1));
    await slow.started();
    wire.hangUp();
    slow.finish();
    await wire.quiet();
    expect(wire.answersTo(1)).toEqual([]);
    expect(stand.events).toContainEqual(expect.objectContaining({ type: "unfinished" }));
    expect(stand.guard.health()).toMatchObject({ callsInFlight: 0, counts: { unfinished: 1, finished: 0 } });
    await expectRefusedCall(stand, await stand.connect(), call, "replayed", { claims: 1 });
  });

  it("does not run calls that wait when the guard is closed", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      stand.store.hold();
      wire.post(callMessage(await stand.sign(), 1));
      await wire.quiet();
      const closed = stand.guard.close();
      await expectRefusedCall(stand, wire, await stand.sign(), "closed");
      stand.store.release();
      await wire.quiet();
      await vi.advanceTimersByTimeAsync(5000);
      await closed;
    } finally {
      vi.useRealTimers();
    }
    await expectRefusedCall(stand, wire, await stand.sign(), "closed");
  });
});
