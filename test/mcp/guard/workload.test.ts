import { setImmediate as nextTurn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { afterEach, describe, expect, it, vi } from "vitest";

import type { MaybePromise } from "../../../src/lib/maybe-promise.js";
import { VerifyKey } from "../../../src/crypto/ed25519.js";
import { Workload } from "../../../src/mcp/guard/workload.js";
import { expectAccepted } from "../../attack/support/expect.js";
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

  it("leaves signatures to other threads while it is heavy, and counts them until they are there", async () => {
    const workload = new Workload();
    const here = (): string => "here";
    expect(workload.sign({ here, elsewhere: () => "elsewhere" })).toBe("here");
    for (let n = 0; n < 4; n++) workload.noteArrival();
    const away = Array.from({ length: 5 }, () => deferred<string>());
    const signed = away.map(async ({ promise }) => workload.sign({ here, elsewhere: () => promise }));
    await nextTurn();
    expect(workload.isHeavy).toBe(true);
    const failing = workload.sign({ here, elsewhere: () => Promise.reject(new Error("lost")) });
    await expect(failing).rejects.toThrow("lost");
    for (const { resolve } of away) resolve("elsewhere");
    expect(await Promise.all(signed)).toEqual(Array.from({ length: 5 }, () => "elsewhere"));
    expect(workload.isHeavy).toBe(false);
    expect(workload.sign({ here, elsewhere: () => "elsewhere" })).toBe("here");
  });

  it("gives the outcomes of checks in the order in which they were begun", async () => {
    const workload = new Workload();
    const order: string[] = [];
    const first = deferred<boolean>();
    const check = (name: string, outcome: MaybePromise<boolean>): Promise<unknown> =>
      workload
        .check({ here: () => false, elsewhere: () => outcome })
        .then((holds) => order.push(`${name} ${holds}`));
    const checks = [
      check("first", first.promise),
      check("second", true),
      check("third", Promise.resolve(false)),
    ];
    await nextTurn();
    expect(order).toEqual([]);
    expect(workload.ordersChecks).toBe(true);
    first.resolve(true);
    await Promise.all(checks);
    expect(order).toEqual(["first true", "second true", "third false"]);
    expect(workload.ordersChecks).toBe(false);
  });

  it("does by itself what other threads do not get done, and for a while all the rest", async () => {
    const workload = new Workload();
    const never = new Promise<boolean>(() => {});
    const here = vi.fn<() => boolean>(() => true);
    const elsewhere = vi.fn<() => Promise<boolean>>(() => never);
    expect(await workload.check({ here, elsewhere })).toBe(true);
    expect([here.mock.calls.length, elsewhere.mock.calls.length]).toEqual([1, 1]);
    expect(await workload.check({ here, elsewhere })).toBe(true);
    expect([here.mock.calls.length, elsewhere.mock.calls.length]).toEqual([2, 1]);
  });

  it("sends no more than 64 away at a time", async () => {
    const workload = new Workload();
    const away = deferred<boolean>();
    const elsewhere = vi.fn<() => Promise<boolean>>(() => away.promise);
    const checks = Array.from({ length: 100 }, () => workload.check({ here: () => true, elsewhere }));
    expect(elsewhere).toHaveBeenCalledTimes(64);
    away.resolve(true);
    expect(await Promise.all(checks)).toEqual(checks.map(() => true));
  });

  it("keeps nothing of checks that are over", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const workload = new Workload();
    const heapAfter = async (count: number): Promise<number> => {
      for (let n = 0; n < count; n++) await workload.check({ here: () => true, elsewhere: () => true });
      collect();
      return process.memoryUsage().heapUsed;
    };
    const before = await heapAfter(20_000);
    expect((await heapAfter(100_000)) - before).toBeLessThan(5_000_000);
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

  it("runs what was verified, whatever becomes of the parsed body meanwhile", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    for (const hashOnly of [false, true]) {
      const calls = await Promise.all(
        Array.from({ length: 16 }, (_, n) => stand.sign({ arguments: { secret: [`s${n}`] }, hashOnly })),
      );
      const messages = calls.map(
        (call) => JSON.parse(JSON.stringify(callMessage(call, wire.freshId()))) as object,
      );
      for (const message of messages) wire.transport.onmessage?.(message);
      process.nextTick(() => {
        for (const message of messages) {
          Object.assign(Object(at(message, "params", "arguments")), { secret: "[redacted]" });
        }
      });
      for (const message of messages)
        expect(at(await wire.answer(at(message, "id")), "result")).toBeDefined();
    }
    const secrets = Array.from({ length: 16 }, (_, n) => [`s${n}`]);
    expect(stand.seen.map(({ secret }) => secret)).toEqual([...secrets, ...secrets]);
  });

  it("sends what it signed, whatever the tool makes of its result meanwhile", async () => {
    const stats = { calls: 0, last: [0] };
    const stand = await openStand({
      tools: {
        count: () => {
          stats.calls += 1;
          stats.last[0] = stats.calls;
          return { content: [], structuredContent: { stats } };
        },
      },
    });
    for (const kind of ["v1 Server", "v2 Server"] as const) {
      const wire = await stand.connect(kind);
      const calls = await Promise.all(Array.from({ length: 12 }, () => stand.sign({ tool: "count" })));
      wire.postBatch(calls.map((call, id) => callMessage(call, id)));
      for (const [id, call] of calls.entries()) expectAccepted(await wire.answer(id), call);
    }
  });
});
