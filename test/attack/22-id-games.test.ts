import { describe, expect, it } from "vitest";
import { expectAccepted, expectAcceptedCall, expectRefusal } from "./support/expect.js";
import { slowTool } from "./support/gate.js";
import { SERVER_KINDS } from "./support/servers.js";
import { openStand } from "./support/stand.js";
import type { Stand } from "./support/stand.js";
import { at, callMessage } from "./support/wire.js";
import type { Id, Wire } from "./support/wire.js";

const INTRUDERS: readonly (readonly [string, (id: Id) => object])[] = [
  ["a ping", (id) => ({ jsonrpc: "2.0", id, method: "ping" })],
  ["a resources/read", (id) => ({ jsonrpc: "2.0", id, method: "resources/read", params: { uri: "x://y" } })],
  ["a tools/list", (id) => ({ jsonrpc: "2.0", id, method: "tools/list" })],
  ["a method that is not there", (id) => ({ jsonrpc: "2.0", id, method: "no/such" })],
  ["an unsigned call", (id) => callMessage({ name: "echo", arguments: {} }, id)],
  ["an initialize", (id) => ({ jsonrpc: "2.0", id, method: "initialize", params: {} })],
];

describe("class 22: a request with the id of a call in flight", () => {
  it.each(INTRUDERS)("refuses %s, and lets nobody but the tool answer the call", async (_, make) => {
    const { stand, wire, slow, call, id } = await openRunning("v1 Server");
    wire.post(make(id));
    expectRefusal(await wire.answer(id), "duplicate_request");
    slow.finish();
    expectAccepted(await wire.answer(id, 2), call);
    await wire.quiet();
    expect(wire.answersTo(id)).toHaveLength(2);
    expect(stand.runs()).toBe(1);
  });

  it.each(SERVER_KINDS)(
    "does not countersign a ping's answer as the result of a tool of a %s",
    async (kind) => {
      const { wire, slow, call, id } = await openRunning(kind);
      for (let n = 0; n < 5; n++) {
        wire.post({ jsonrpc: "2.0", id, method: "ping" });
        await wire.quiet();
      }
      for (const answer of wire.answersTo(id)) expectRefusal(answer, "duplicate_request");
      slow.finish();
      expectAccepted(await wire.answer(id, 6), call);
    },
  );

  it("refuses a second signed call, does not use up its nonce, and takes it under an id of its own", async () => {
    const { stand, wire, slow, call, id } = await openRunning("v1 Server");
    const second = await stand.sign();
    wire.post(callMessage(second, id));
    expectRefusal(await wire.answer(id), "duplicate_request");
    slow.finish();
    expectAccepted(await wire.answer(id, 2), call);
    await expectAcceptedCall(stand, wire, second);
  });

  it("refuses it while the first is still being verified", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign();
    stand.store.hold();
    wire.post(callMessage(genuine, 5));
    await wire.quiet();
    for (const [, make] of INTRUDERS) {
      wire.post(make(5));
      await wire.quiet();
    }
    expect(wire.answersTo(5)).toHaveLength(INTRUDERS.length);
    stand.store.release();
    expectAccepted(await wire.answer(5, INTRUDERS.length + 1), genuine);
    expect(stand.runs()).toBe(1);
  });

  it("refuses a call with the id of an unguarded request in flight, and burns no nonce", async () => {
    const slow = slowTool();
    const stand = await openStand({
      tools: { open: slow.tool },
      guard: { dangerously: { allowUnsigned: ["open"] } },
    });
    const wire = await stand.connect();
    wire.post(callMessage({ name: "open", arguments: {} }, 9));
    await slow.started();
    const genuine = await stand.sign();
    wire.post(callMessage(genuine, 9));
    expectRefusal(await wire.answer(9), "duplicate_request");
    slow.finish();
    const answer = await wire.answer(9, 2);
    expect(at(answer, "result", "_meta")).toBeUndefined();
    await expectAcceptedCall(stand, wire, genuine, 9);
  });

  it.each<[Id, Id]>([
    [1, "1"],
    ["1", 1],
    [0, "0"],
    ["", 0],
  ])("tells the ids %j and %j apart", async (one, two) => {
    const slow = slowTool();
    const stand = await openStand({ tools: { slow: slow.tool } });
    const wire = await stand.connect();
    const [first, second] = [await stand.sign({ tool: "slow" }), await stand.sign()];
    wire.post(callMessage(first, one));
    await slow.started();
    expectAccepted(await wire.call(second, two), second);
    slow.finish();
    expectAccepted(await wire.answer(one), first);
  });

  it("keeps the ids of connections apart", async () => {
    const { stand, slow, call, id, wire } = await openRunning("v1 Server");
    const other = await stand.connect("v2 Server");
    const second = await stand.sign();
    expectAccepted(await other.call(second, id), second);
    slow.finish();
    expectAccepted(await wire.answer(id), call);
  });
});

describe("class 22: twins in one tick", () => {
  it("answers all requests of one id with one refusal, and runs none of them", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign();
    wire.postBatch([
      callMessage({ name: "echo", arguments: { twin: true } }, 3),
      callMessage(genuine, 3),
      { jsonrpc: "2.0", id: 3, method: "ping" },
    ]);
    expectRefusal(await wire.answer(3), "duplicate_request");
    await wire.quiet();
    expect(wire.answersTo(3)).toHaveLength(1);
    expect(stand.runs()).toBe(0);
    await expectAcceptedCall(stand, wire, genuine, 3);
  });

  it("does not let an unsigned twin that is let through take a signed call's answer", async () => {
    const stand = await openStand({ guard: { dangerously: { allowUnsigned: true } } });
    const wire = await stand.connect();
    const genuine = await stand.sign();
    wire.postBatch([callMessage({ name: "echo", arguments: { twin: true } }, 3), callMessage(genuine, 3)]);
    expectRefusal(await wire.answer(3), "duplicate_request");
    await wire.quiet();
    expect(stand.runs()).toBe(0);
    await expectAcceptedCall(stand, wire, genuine);
  });

  it("still handles the other messages of the tick, in their order", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const calls = await Promise.all([1, 2, 3].map((n) => stand.sign({ arguments: { n } })));
    wire.postBatch([
      callMessage(calls[0], "a"),
      callMessage(calls[1], "twin"),
      callMessage(calls[1], "twin"),
      callMessage(calls[2], "b"),
    ]);
    expectAccepted(await wire.answer("a"), calls[0]);
    expectAccepted(await wire.answer("b"), calls[2]);
    expectRefusal(await wire.answer("twin"), "duplicate_request");
    expect(stand.seen).toEqual([{ n: 1 }, { n: 3 }]);
  });

  it("runs one of a hundred copies of a call that come in one tick under ids of their own", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign();
    wire.postBatch(Array.from({ length: 100 }, (_, id) => callMessage(genuine, id)));
    const answers = await Promise.all(Array.from({ length: 100 }, (_, id) => wire.answer(id)));
    expect(answers.filter((answer) => "result" in answer)).toHaveLength(1);
    expect(stand.runs()).toBe(1);
    expect(stand.guard.health().counts.refused).toEqual({ replayed: 99 });
  });
});

describe("class 22: calls that can get no answer", () => {
  it.each<[string, object]>([
    ["without an id", {}],
    ["with an id of null", { id: null }],
    ["with an id that is true", { id: true }],
    ["with an id that is a list", { id: [1] }],
    ["with an id that is an object", { id: { toString: 1 } }],
  ])("does not let a call %s reach a handler, signed or not", async (_, id) => {
    const stand = await openStand({ guard: { dangerously: { allowUnsigned: true } } });
    const wire = await stand.connect();
    const genuine = await stand.sign();
    const before = wire.sent.length;
    for (const params of [genuine, { name: "echo", arguments: {} }]) {
      wire.post({ jsonrpc: "2.0", ...id, method: "tools/call", params });
    }
    await wire.quiet();
    expect(stand.runs()).toBe(0);
    expect(stand.store.claims).toBe(0);
    expect(wire.sent).toHaveLength(before);
    expect(stand.guard.health().counts.refused).toEqual({ malformed: 2 });
    await expectAcceptedCall(stand, wire, genuine);
  });

  it.each<[string, unknown]>([
    ["a number", 1],
    ["a text", "tools/call"],
    ["null", null],
    ["an empty object", {}],
    ["an empty list", []],
    ["a list of a call", [callMessage({ name: "echo", arguments: {} }, 1)]],
    ["a method that is no text", { jsonrpc: "2.0", id: 1, method: ["tools/call"] }],
    ["an answer nobody asked for", { jsonrpc: "2.0", id: 1, result: {} }],
    ["an error nobody asked for", { jsonrpc: "2.0", id: 1, error: { code: 1, message: "" } }],
    ["a call that claims to be an answer", { ...callMessage({ name: "echo" }, 1), result: {} }],
  ])("lives on after %s", async (_, message) => {
    const stand = await openStand();
    const wire = await stand.connect();
    wire.post(JSON.stringify(message));
    await wire.quiet();
    expect(stand.runs()).toBe(0);
    expect(stand.guard.health().callsInFlight).toBe(0);
    await expectAcceptedCall(stand, wire, await stand.sign(), 77);
  });
});

describe("class 22: other spellings of the method", () => {
  it.each([
    "Tools/Call",
    "TOOLS/CALL",
    " tools/call",
    "tools/call ",
    "tools/call\n",
    "tools/call\u0000",
    "tools//call",
    "tools/call/",
    "/tools/call",
    "tools\\call",
    "tools/c\u0430ll",
    "__proto__",
    "constructor",
    "",
  ])("does not run a tool for the method %j, signed or not", async (method) => {
    for (const kind of SERVER_KINDS) {
      const stand = await openStand({ server: kind });
      const wire = await stand.connect();
      const genuine = await stand.sign();
      for (const params of [genuine, { name: "echo", arguments: {} }]) {
        const answer = await wire.ask({ jsonrpc: "2.0", id: wire.freshId(), method, params });
        expect(answer).toHaveProperty("error");
      }
      expect(stand.runs()).toBe(0);
      await expectAcceptedCall(stand, wire, genuine);
    }
  });
});

describe("class 22: cancels", () => {
  it.each<[string, unknown, Id]>([
    ["for id 0, which SDKs ignore", { requestId: 0 }, 0],
    ["with a reason of the wrong type", { requestId: 8, reason: 42 }, 8],
    ["with a reason of null", { requestId: 8, reason: null }, 8],
    ["of the id as a text", { requestId: "8" }, 8],
    ["of the id as a list", { requestId: [8] }, 8],
    ["of nothing", {}, 8],
    ["without params", undefined, 8],
  ])("countersigns the result of a call after a cancel %s", async (_, params, id) => {
    const { stand, wire, slow, call } = await openRunning("v1 Server", id);
    wire.post({ jsonrpc: "2.0", method: "notifications/cancelled", params });
    await wire.quiet();
    wire.post({ jsonrpc: "2.0", id, method: "ping" });
    expectRefusal(await wire.answer(id), "duplicate_request");
    slow.finish();
    expectAccepted(await wire.answer(id, 2), call);
    expect(stand.guard.health().callsInFlight).toBe(0);
  });

  it("does not free the id of a call that was cancelled: its tool may answer yet", async () => {
    const { stand, wire, slow, id } = await openRunning("v1 Server");
    for (let n = 0; n < 3; n++) {
      wire.post({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: id } });
    }
    await wire.quiet();
    expect(stand.guard.health().callsInFlight).toBe(0);
    wire.post({ jsonrpc: "2.0", id, method: "ping" });
    expectRefusal(await wire.answer(id), "duplicate_request");
    slow.finish();
    await wire.quiet();
    expect(wire.answersTo(id)).toHaveLength(1);
    expect(stand.guard.health().callsInFlight).toBe(0);
    expect(stand.events.filter(({ type }) => type === "cancelled")).toHaveLength(1);
    await expectAcceptedCall(stand, wire, await stand.sign());
  });

  it("says of a cancelled call that its tool may have run", async () => {
    const { stand, wire, id } = await openRunning("v1 Server");
    wire.post({
      jsonrpc: "2.0",
      method: "notifications/cancelled",
      params: { requestId: id, reason: "bored" },
    });
    await wire.quiet();
    expect(stand.events.at(-1)).toMatchObject({ type: "cancelled", ran: true, call: { tool: "slow" } });
  });

  it("does not let one connection cancel another's call", async () => {
    const { stand, wire, slow, call, id } = await openRunning("v1 Server");
    const other = await stand.connect();
    other.post({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: id } });
    await other.quiet();
    slow.finish();
    expectAccepted(await wire.answer(id), call);
  });
});

interface Running {
  readonly stand: Stand;
  readonly wire: Wire;
  readonly slow: ReturnType<typeof slowTool>;
  readonly call: unknown;
  readonly id: Id;
}

/** A signed call whose tool is running. */
async function openRunning(server: Parameters<Stand["connect"]>[0], id: Id = 8): Promise<Running> {
  const slow = slowTool();
  const stand = await openStand({ ...(server && { server }), tools: { slow: slow.tool } });
  const wire = await stand.connect();
  const call = await stand.sign({ tool: "slow" });
  wire.post(callMessage(call, id));
  await slow.started();
  return { stand, wire, slow, call, id };
}
