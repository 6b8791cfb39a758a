import { afterEach, describe, expect, it, vi } from "vitest";
import type { JsonRecord } from "../../../src/lib/json.js";
import { InFlightRequests } from "../../../src/mcp/guard/in-flight.js";
import { expectAccepted, expectAcceptedCall, expectRefusal } from "../../attack/support/expect.js";
import { slowTool } from "../../attack/support/gate.js";
import { NOW_MS, openStand } from "../../attack/support/stand.js";
import { callMessage } from "../../attack/support/wire.js";

const TEN_MINUTES = 600_000;
const DAY = 86_400_000;

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("calls in flight", () => {
  it("are limited over all connections, and a place is free again once a call is answered", async () => {
    const slow = slowTool();
    const stand = await openStand({ tools: { slow: slow.tool }, guard: { limits: { callsInFlight: 2 } } });
    const [first, second] = [await stand.connect(), await stand.connect("v2 Server")];
    first.post(callMessage(await stand.sign({ tool: "slow" }), 1));
    second.post(callMessage(await stand.sign({ tool: "slow" }), 1));
    await slow.started(2);
    const refused = await stand.sign();
    const claims = stand.store.claims;
    expectRefusal(await first.call(refused), "busy");
    expectRefusal(await second.call(refused), "busy");
    expect(stand.store.claims).toBe(claims);
    slow.finish();
    await first.answer(1);
    expectAccepted(await first.call(refused, 2), refused);
    slow.finish();
    await second.answer(1);
  });

  it("do not count requests that need no receipt, which have a limit of their own for each connection", async () => {
    const slow = slowTool();
    const stand = await openStand({
      tools: { slow: slow.tool },
      guard: { limits: { callsInFlight: 1, requestsInFlight: 2 }, dangerously: { allowUnsigned: ["slow"] } },
    });
    const wire = await stand.connect();
    for (const id of [1, 2]) wire.post(callMessage({ name: "slow", arguments: {} }, id));
    await slow.started(2);
    expect(stand.guard.health().callsInFlight).toBe(0);
    const genuine = await stand.sign();
    expectRefusal(await wire.call(genuine), "busy");
    expectRefusal(await wire.ask({ jsonrpc: "2.0", id: 3, method: "ping" }), "busy");
    await expectAcceptedCall(stand, await stand.connect(), genuine);
    slow.finish();
    await wire.answer(1);
    expect(await wire.ask({ jsonrpc: "2.0", id: 4, method: "ping" })).toMatchObject({ result: {} });
  });

  it("give up the place of a cancelled call after ten minutes, when there is need of it", async () => {
    const { stand, wire, ask, slow } = await openFull();
    wire.post({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
    await wire.quiet();
    stand.clock.advance(TEN_MINUTES);
    expectRefusal(await ask(), "busy");
    stand.clock.advance(1);
    expect(await ask()).toMatchObject({ result: {} });
    // The tool ends after all: nobody is there for its answer.
    slow.finish();
    await wire.quiet();
    expect(wire.answersTo(1)).toEqual([]);
    expect(stand.guard.health().callsInFlight).toBe(0);
  });

  it("give up a cancelled call after ten minutes on a quiet connection too", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const taken = vi.spyOn(InFlightRequests.prototype, "takeLost");
    const { stand, wire } = await openFull();
    wire.post({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
    await wire.quiet();
    stand.clock.advance(TEN_MINUTES + 1);
    await vi.advanceTimersByTimeAsync(TEN_MINUTES + 1);
    expect(taken.mock.results.map(({ value }) => value as unknown)).toMatchObject([[{ state: "running" }]]);
    // Nothing is left to wait for.
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    ["goes back by a month", (): number => Date.parse("2026-10-23T12:00:00.000Z")],
    ["says NaN", (): number => Number.NaN],
  ])("are not looked through all the time when the clock %s", async (_, broken) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const taken = vi.spyOn(InFlightRequests.prototype, "takeLost");
    const { stand, wire } = await openFull();
    wire.post({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
    await wire.quiet();
    stand.clock.set(broken());
    await vi.advanceTimersByTimeAsync(10 * TEN_MINUTES);
    expect(taken.mock.calls.length).toBeGreaterThan(0);
    expect(taken.mock.calls.length).toBeLessThan(12);
  });

  it("do not end the process, nor lose a place, when the clock throws", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    let isBroken = false;
    const clock = (): number => {
      if (isBroken) throw new Error("stopped");
      return NOW_MS;
    };
    const slow = slowTool();
    const stand = await openStand({
      tools: { slow: slow.tool },
      guard: { clock, limits: { callsInFlight: 2 } },
    });
    const wire = await stand.connect();
    const faults = vi.fn();
    wire.transport.onerror = faults;
    wire.post(callMessage(await stand.sign({ tool: "slow" }), 1));
    await slow.started();
    wire.post({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
    await wire.quiet();
    isBroken = true;
    for (let n = 0; n < 5; n++)
      expect(await wire.call(await stand.sign())).toMatchObject({ error: { code: -32603 } });
    await vi.advanceTimersByTimeAsync(TEN_MINUTES + 1);
    expect(faults).toHaveBeenCalledTimes(6);
    isBroken = false;
    expect(stand.guard.health().callsInFlight).toBe(0);
    expect(await wire.call(await stand.sign())).toHaveProperty("result");
  });

  it("keep no more than 1 MiB of what was cancelled on a connection, the latest", () => {
    const requests = new InFlightRequests();
    const entries = Array.from({ length: 10 }, (_, id) => {
      const entry = { state: "running", sinceMs: 0, verified: { whole: new Uint8Array(250_000) } };
      requests.set(id, entry as never);
      return entry as never;
    });
    const given = entries.map((entry) => requests.cancel(entry, 1).length);
    expect(given).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 1, 1]);
    expect(Array.from({ length: 10 }, (_, id) => requests.get(id) !== undefined)).toEqual(
      Array.from({ length: 10 }, (_, id) => id >= 6),
    );
    // Room that is given back is there again.
    for (let id = 6; id < 10; id++) requests.delete(id, entries[id] as never);
    requests.set(20, entries[0] as never);
    expect(requests.cancel(entries[0] as never, 1)).toEqual([]);
    expect(requests.takeLost(TEN_MINUTES + 2)).toHaveLength(1);
    expect(requests.nextLostMs).toBeUndefined();
  });

  it("give up the place of a call that has had no answer for a day, and withhold its answer", async () => {
    const { stand, wire, ask, slow } = await openFull();
    stand.clock.advance(DAY);
    expectRefusal(await ask(), "busy");
    stand.clock.advance(1);
    expect(await ask()).toMatchObject({ result: {} });
    expect(stand.guard.health()).toMatchObject({ callsInFlight: 0, counts: { unfinished: 1 } });
    slow.finish();
    await wire.quiet();
    expect(wire.answersTo(1)).toEqual([]);
    expect(stand.guard.health().counts).toMatchObject({ answersWithheld: 1, finished: 0 });
  });

  it("are given up with the connection", async () => {
    const { stand, wire, slow } = await openFull();
    wire.hangUp();
    expect(stand.guard.health()).toMatchObject({ callsInFlight: 0, counts: { unfinished: 1 } });
    slow.finish();
    await wire.quiet();
    expect(wire.answersTo(1)).toEqual([]);
  });
});

/** A connection whose only place is taken by a call that runs. */
async function openFull() {
  const slow = slowTool();
  const stand = await openStand({ tools: { slow: slow.tool }, guard: { limits: { requestsInFlight: 1 } } });
  const wire = await stand.connect();
  wire.post(callMessage(await stand.sign({ tool: "slow" }), 1));
  await slow.started();
  const ask = (): Promise<JsonRecord> => wire.ask({ jsonrpc: "2.0", id: wire.freshId(), method: "ping" });
  return { stand, wire, ask, slow };
}
