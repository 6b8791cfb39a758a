import { setImmediate as nextTurn } from "node:timers/promises";

import { afterEach, describe, expect, it, vi } from "vitest";

import { VerifyKey } from "../../../src/crypto/ed25519.js";
import { Workload } from "../../../src/mcp/guard/workload.js";
import { openStand } from "../../attack/support/stand.js";
import { at, callMessage } from "../../attack/support/wire.js";

afterEach(() => {
  vi.restoreAllMocks();
});

function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

describe("the workload", () => {
  it("is heavy from four arrivals in one turn of the event loop on, and no longer in the next", async () => {
    const workload = new Workload();
    for (let n = 0; n < 3; n++) workload.noteArrival();
    expect(workload.isHeavy).toBe(false);
    workload.noteArrival();
    expect(workload.isHeavy).toBe(true);
    await nextTurn();
    expect(workload.isHeavy).toBe(false);
  });

  it("counts signatures until they are there, and those that fail as well", async () => {
    const workload = new Workload();
    const signatures = Array.from({ length: 4 }, () => deferred<number>());
    const tracked = signatures.map(({ promise }) => workload.track(promise));
    expect(workload.track(1)).toBe(1);
    expect(workload.isHeavy).toBe(true);
    signatures[0]?.resolve(1);
    await tracked[0];
    expect(workload.isHeavy).toBe(false);
    const failing = workload.track(Promise.reject(new Error("lost")));
    expect(workload.isHeavy).toBe(true);
    await expect(failing).rejects.toThrow("lost");
    expect(workload.isHeavy).toBe(false);
  });

  it("gives the outcomes of checks in the order in which they were begun", async () => {
    const workload = new Workload();
    const order: string[] = [];
    const first = deferred<boolean>();
    const checks = [
      workload.inOrder(first.promise).then((holds) => order.push(`first ${holds}`)),
      workload.inOrder(true).then((holds) => order.push(`second ${holds}`)),
      workload.inOrder(Promise.resolve(false)).then((holds) => order.push(`third ${holds}`)),
    ];
    await nextTurn();
    expect(order).toEqual([]);
    expect(workload.leavesChecks).toBe(true);
    first.resolve(true);
    await Promise.all(checks);
    expect(order).toEqual(["first true", "second true", "third false"]);
    expect(workload.leavesChecks).toBe(false);
  });
});

describe("a guard with much to do", () => {
  it("runs calls in the order in which they came, whichever thread checked them", async () => {
    const elsewhere = vi.spyOn(VerifyKey.prototype, "acceptsInBackground");
    const stand = await openStand();
    const wire = await stand.connect();
    const calls = await Promise.all(Array.from({ length: 40 }, (_, n) => stand.sign({ arguments: { n } })));
    wire.postBatch(calls.slice(0, 20).map((call, id) => callMessage(call, id)));
    await nextTurn();
    for (const [index, call] of calls.slice(20).entries()) wire.post(callMessage(call, 20 + index));
    for (let id = 0; id < 40; id++) expect(at(await wire.answer(id), "result")).toBeDefined();
    expect(stand.seen.map(({ n }) => n)).toEqual(Array.from({ length: 40 }, (_, n) => n));
    expect(elsewhere).toHaveBeenCalled();
    expect(stand.guard.health().callsInFlight).toBe(0);
  });

  it("refuses a forged call among many as it does a single one", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const calls = await Promise.all(Array.from({ length: 12 }, (_, n) => stand.sign({ arguments: { n } })));
    const forged = calls.map(({ _meta, ...call }) => {
      const receipt = { ...Object(at(_meta, "_signet")), ts: new Date(stand.clock() - 1).toISOString() };
      return { ...call, _meta: { _signet: receipt } };
    });
    wire.postBatch(forged.map((call, id) => callMessage(call, id)));
    for (let id = 0; id < 12; id++) {
      expect(at(await wire.answer(id), "error", "data", "reason")).toBe("bad_signature");
    }
    expect(stand.runs()).toBe(0);
    expect(stand.store.claims).toBe(0);
    wire.postBatch(calls.map((call, id) => callMessage(call, 100 + id)));
    for (let id = 0; id < 12; id++) expect(at(await wire.answer(100 + id), "result")).toBeDefined();
    expect(stand.runs()).toBe(12);
  });
});
