import { randomUUID } from "node:crypto";
import type { ClientRequest } from "node:http";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { expectAccepted, expectRefusal } from "./support/expect.js";
import { slowTool } from "./support/gate.js";
import { openHttp } from "./support/raw-http.js";
import type { HttpKind, HttpOptions, HttpSession } from "./support/raw-http.js";
import type { Tools } from "./support/servers.js";
import { openStand } from "./support/stand.js";
import type { Stand } from "./support/stand.js";
import { callMessage } from "./support/wire.js";

const KINDS: readonly HttpKind[] = ["v1", "v2"];

describe.each(KINDS)("class 22 over a socket, SDK %s: batches", (kind) => {
  it("answers an unsigned twin and the signed call of one id with one refusal, and runs neither", async () => {
    const { stand, session, runs } = await open(kind);
    const genuine = await stand.sign();
    for (const twins of [
      [callMessage({ name: "echo", arguments: {} }, 1), callMessage(genuine, 1)],
      [callMessage(genuine, 1), callMessage({ name: "echo", arguments: {} }, 1)],
      [{ jsonrpc: "2.0", id: 1, method: "ping" }, callMessage(genuine, 1)],
      [callMessage(genuine, 1), callMessage(genuine, 1), callMessage(genuine, 1)],
    ]) {
      const answers = await session.post(twins);
      expect(answers).toHaveLength(1);
      for (const answer of answers) expectRefusal(answer, "duplicate_request");
    }
    expect(runs()).toBe(0);
    expect(stand.store.claims).toBe(0);
    const [answer] = await session.post(callMessage(genuine, 1));
    expectAccepted(answer ?? {}, genuine);
  });

  it("answers each call of a batch for itself", async () => {
    const { stand, session, runs } = await open(kind);
    const [first, second] = [await stand.sign(), await stand.sign()];
    const answers = await session.post([
      callMessage(first, 1),
      callMessage({ ...second, arguments: {} }, 2),
      callMessage(first, 3),
      callMessage({ name: "echo", arguments: {} }, 4),
      callMessage(second, "1"),
    ]);
    const byId = new Map(answers.map((answer) => [answer["id"], answer]));
    expectAccepted(byId.get(1) ?? {}, first);
    expectRefusal(byId.get(2) ?? {}, "params_mismatch");
    expectRefusal(byId.get(3) ?? {}, "replayed");
    expectRefusal(byId.get(4) ?? {}, "unsigned");
    expectAccepted(byId.get("1") ?? {}, second);
    expect(runs()).toBe(2);
  });
});

describe.each(KINDS)("class 22 over a socket, SDK %s: another POST of the session", (kind) => {
  it.each([
    ["a ping", { jsonrpc: "2.0", id: 7, method: "ping" }],
    ["an unsigned call", callMessage({ name: "echo", arguments: {} }, 7)],
    ["a list of tools", { jsonrpc: "2.0", id: 7, method: "tools/list" }],
  ])(
    "refuses %s with the id of a running call: what leaves as its answer is no result",
    async (_, intruder) => {
      const { stand, session, slow, runs } = await open(kind);
      session.start(callMessage(await stand.sign({ tool: "slow" }), 7));
      await slow.started();
      const answers = await session.post(intruder);
      expect(answers).toHaveLength(1);
      expectRefusal(answers[0] ?? {}, "duplicate_request");
      slow.finish();
      for (let turn = 0; turn < 20; turn++) await nextTurn();
      expect(runs()).toBe(1);
      expect(stand.guard.health().callsInFlight).toBe(0);
      expect(stand.guard.health().counts.finished).toBe(1);
    },
  );
});

describe.each(KINDS)("class 22 over a socket, SDK %s: a twin whose answer stays open", (kind) => {
  it.each([
    ["a ping", { method: "ping" }],
    ["an unsigned call", { method: "tools/call", params: { name: "slow", arguments: {} } }],
  ])("never sees the answer to the call whose id it took: %s", async (_, twin) => {
    const { stand, session, slow, runs } = await open(kind);
    const honest = collect(session.start(callMessage(await stand.sign({ tool: "slow" }), 7)));
    await slow.started();
    // The second request of the batch is cancelled and so never answered: the stream is not used up by the refusal.
    const thief = collect(
      session.start([
        { jsonrpc: "2.0", id: 7, ...twin },
        { jsonrpc: "2.0", id: 8, method: "ping" },
        { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 8 } },
      ]),
    );
    while ((stand.guard.health().counts.refused.duplicate_request ?? 0) === 0) await nextTurn();
    slow.finish({ content: [{ type: "text", text: "SECRET" }] });
    while (stand.guard.health().counts.answersWithheld === 0) await nextTurn();
    for (let turn = 0; turn < 50; turn++) await nextTurn();
    expect(thief.text + honest.text).not.toMatch(/SECRET|_signet_bilateral/);
    expect(stand.events.at(-2)).toMatchObject({ type: "finished", outcome: { status: "executed" } });
    expect(runs()).toBe(1);
    expect(stand.guard.health().callsInFlight).toBe(0);
  });

  it("does not see it either while its own request waits for the store of events", async () => {
    const store = slowStore();
    const { stand, session, slow } = await open(kind, store.options);
    const honest = collect(session.start(callMessage(await stand.sign({ tool: "slow" }), 7)));
    await slow.started();
    store.isSlow = true;
    const thief = collect(session.start({ jsonrpc: "2.0", id: 7, method: "ping" }));
    // The way back is the thief's now, and the guard has not seen the request.
    while (store.writes.length === 0) await nextTurn();
    slow.finish({ content: [{ type: "text", text: "SECRET" }] });
    while (stand.guard.health().counts.finished === 0) await nextTurn();
    store.isSlow = false;
    for (let turn = 0; turn < 50; turn++) {
      for (const write of store.writes.splice(0)) write();
      await nextTurn();
    }
    expect(thief.text + honest.text).not.toMatch(/SECRET|_signet_bilateral/);
    expect(stand.guard.health().counts.answersWithheld).toBe(1);
  });

  it("does not see it when it took the way back before the guard heard of the call", async () => {
    const store = slowStore();
    const { stand, session, runs } = await open(kind, store.options);
    store.isSlow = true;
    const genuine = await stand.sign();
    const honest = collect(session.start(callMessage(genuine, 7)));
    while (store.writes.length === 0) await nextTurn();
    const thief = collect(session.start({ jsonrpc: "2.0", id: 7, method: "tools/list" }));
    while (store.writes.length === 1) await nextTurn();
    // The call is handed over, and what took its way back is not yet.
    store.isSlow = false;
    store.writes[0]?.();
    while ((stand.guard.health().counts.refused.duplicate_request ?? 0) === 0) await nextTurn();
    store.writes[1]?.();
    for (let turn = 0; turn < 50; turn++) await nextTurn();
    expect(runs()).toBe(0);
    expect(thief.text + honest.text).not.toMatch(/_signet_bilateral/);
    // Nothing is burnt: the call can be sent again.
    const [answer] = (await session.post(callMessage(genuine, 8))).filter(({ id }) => id === 8);
    expectAccepted(answer ?? {}, genuine);
  });

  it("keeps a call that is still being verified from running", async () => {
    const { stand, session, runs } = await open(kind);
    stand.store.hold();
    const genuine = await stand.sign();
    session.start(callMessage(genuine, 7));
    while (stand.guard.health().callsInFlight === 0) await nextTurn();
    await session.post({ jsonrpc: "2.0", id: 7, method: "ping" });
    stand.store.release();
    while (stand.guard.health().callsInFlight > 0) await nextTurn();
    expect(runs()).toBe(0);
    expect(stand.guard.health().counts.refused.duplicate_request).toBe(2);
  });
});

/** A store of events whose writes, while it is slow, end when the test says so; and a revision whose streams begin with one. */
function slowStore() {
  const store = {
    isSlow: false,
    writes: [] as (() => void)[],
    options: {
      protocolVersion: "2025-11-25",
      eventStore: {
        storeEvent: async (): Promise<string> => {
          if (store.isSlow) await new Promise<void>((resolve) => void store.writes.push(resolve));
          return randomUUID();
        },
        replayEventsAfter: () => Promise.resolve(""),
      },
    },
  };
  return store;
}

/** Keeps what comes as the answer to a request, however long it stays open. */
function collect(request: ClientRequest): { text: string } {
  const collected = { text: "" };
  request.on("response", (response) => {
    response.on("data", (chunk) => (collected.text += String(chunk)));
    response.on("error", () => {});
  });
  return collected;
}

describe.each(KINDS)("class 26 over a socket, SDK %s", (kind) => {
  it("lives on when clients hang up while their calls are verified", async () => {
    const { stand, session } = await open(kind);
    stand.store.hold();
    const calls = await Promise.all(Array.from({ length: 5 }, () => stand.sign()));
    const requests = calls.map((call, id) => session.start(callMessage(call, id)));
    while (stand.guard.health().callsInFlight < calls.length) await nextTurn();
    for (const request of requests) request.destroy();
    stand.store.release();
    while (stand.guard.health().callsInFlight > 0) await nextTurn();
    const genuine = await stand.sign();
    const [answer] = await session.post(callMessage(genuine, 50));
    expectAccepted(answer ?? {}, genuine);
  });
});

describe.each(KINDS)("raw bodies over a socket, SDK %s", (kind) => {
  it.each([
    ["nothing", ""],
    ["half a message", '{"jsonrpc":"2.0","id":1,"method":"tools/ca'],
    ["text", "tools/call"],
    ["null", "null"],
    ["an empty batch", "[]"],
    ["a batch of nothing", "[null,1,{}]"],
    [
      "a number beyond doubles as an id",
      '{"jsonrpc":"2.0","id":1e400,"method":"tools/call","params":{"name":"echo"}}',
    ],
    ["an id of null", '{"jsonrpc":"2.0","id":null,"method":"tools/call","params":{"name":"echo"}}'],
    ["no id", '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"echo","arguments":{}}}'],
    ["6,000 levels", `${"[".repeat(6000)}${"]".repeat(6000)}`],
    [
      "bytes that are no UTF-8",
      Buffer.from('{"jsonrpc":"2.0","id":1,"method":"\xff\xfe"}', "latin1").toString("latin1"),
    ],
  ])("lives on after %s, and runs nothing", async (_, body) => {
    const { stand, session, runs } = await open(kind);
    await session.post(body).catch(() => []);
    expect(runs()).toBe(0);
    const genuine = await stand.sign();
    const [answer] = await session.post(callMessage(genuine, 50));
    expectAccepted(answer ?? {}, genuine);
  });
});

interface Opened {
  readonly stand: Stand;
  readonly session: HttpSession;
  readonly slow: ReturnType<typeof slowTool>;
  runs(): number;
}

async function open(kind: HttpKind, options?: HttpOptions): Promise<Opened> {
  const stand = await openStand();
  const slow = slowTool();
  let runs = 0;
  const tools: Tools = {
    echo: (args) => {
      runs += 1;
      return { content: [{ type: "text", text: JSON.stringify(args) }] };
    },
    slow: (args) => {
      runs += 1;
      return slow.tool(args);
    },
  };
  return { stand, session: await openHttp(stand, kind, tools, options), slow, runs: () => runs };
}
