import { setTimeout as later } from "node:timers/promises";

import { describe, expect, it, vi } from "vitest";

import type { JsonRecord } from "../../../src/lib/json.js";
import { verifiedCall } from "../../../src/server.js";
import { openStand } from "../../attack/support/stand.js";
import type { Tool } from "../../attack/support/servers.js";
import { SERVER_KINDS } from "../../attack/support/servers.js";
import { at, callMessage } from "../../attack/support/wire.js";

const text = (answer: JsonRecord): unknown => at(answer, "result", "content", "0", "text");
const say = (words: unknown): ReturnType<Tool> => ({ content: [{ type: "text", text: String(words) }] });

describe("verifiedCall", () => {
  it.each(SERVER_KINDS)("tells a tool of a %s, and what it awaits, who called", async (server) => {
    const whoami: Tool = async () => {
      await later(1);
      return say(verifiedCall()?.signer.name);
    };
    const stand = await openStand({ server, tools: { whoami } });
    const wire = await stand.connect();
    const calls = [stand.alice, stand.bob, stand.alice, stand.bob].map(async (identity) => {
      return text(await wire.call(await stand.sign({ identity, tool: "whoami", arguments: {} })));
    });
    expect(await Promise.all(calls)).toEqual(["alice", "bob", "alice", "bob"]);
  });

  it("is empty outside a call, in an unsigned call, and once the call is answered", async () => {
    const after: unknown[] = [];
    const whoami: Tool = () => {
      setImmediate(() => setImmediate(() => void after.push(verifiedCall())));
      return say(verifiedCall()?.signer.name);
    };
    const stand = await openStand({
      tools: { whoami },
      guard: { dangerously: { allowUnsigned: ["whoami"] } },
    });
    const wire = await stand.connect();
    expect(text(await wire.call({ name: "whoami" }))).toBe("undefined");
    expect(text(await wire.call(await stand.sign({ tool: "whoami" })))).toBe("alice");
    await wire.quiet();
    expect(after).toEqual([undefined, undefined]);
    expect(verifiedCall()).toBeUndefined();
  });

  it("does not show an unsigned inner call the signer of the outer one", async () => {
    const inner = await openStand({
      tools: { whoami: () => say(verifiedCall()?.signer.name) },
      guard: { dangerously: { allowUnsigned: true } },
    });
    const innerWire = await inner.connect();
    const outer = await openStand({
      tools: { relay: async () => say(text(await innerWire.call({ name: "whoami" }))) },
    });
    const wire = await outer.connect();
    expect(text(await wire.call(await outer.sign({ tool: "relay" })))).toBe("undefined");
  });
});

describe("events and health", () => {
  it("tell of every accepted, refused and finished call", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const params = await stand.sign();
    await wire.call(params);
    await wire.call(params);
    await wire.call({ name: "echo" });
    expect(stand.events).toMatchObject([
      { type: "accepted", call: { signer: { name: "alice" }, tool: "echo" } },
      { type: "finished", outcome: { status: "executed" }, countersignature: { v: 3 } },
      { type: "refused", code: "replayed", tool: "echo", signer: { name: "alice" } },
      { type: "refused", code: "unsigned", tool: "echo", signer: undefined },
    ]);
    expect(stand.guard.health().counts).toMatchObject({
      accepted: 1,
      finished: 1,
      refused: { replayed: 1, unsigned: 1 },
    });
  });

  it("survive a listener that throws or rejects", async () => {
    for (const onEvent of [
      () => {
        throw new Error("listener");
      },
      () => Promise.reject(new Error("listener")),
    ]) {
      const stand = await openStand({ guard: { onEvent } });
      const wire = await stand.connect();
      expect(at(await wire.call(await stand.sign()), "error")).toBeUndefined();
      await wire.quiet();
      expect(stand.guard.health().counts).toMatchObject({ listenerErrors: 2, accepted: 1, finished: 1 });
    }
  });

  it("tell of a transport that starts a process for each connection while nonces are in memory", async () => {
    const stand = await openStand({ guard: { replay: "memory" } });
    await stand.connect();
    expect(stand.events.map(({ type }) => type)).not.toContain("replay_not_shared");
  });

  it("tell of a call that the client hung up on", async () => {
    let finish: () => void = () => {};
    const slow: Tool = async () => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return say("late");
    };
    const stand = await openStand({ tools: { slow } });
    const wire = await stand.connect();
    wire.post({ jsonrpc: "2.0", id: 1, method: "tools/call", params: await stand.sign({ tool: "slow" }) });
    await wire.quiet();
    expect(stand.guard.health().callsInFlight).toBe(1);
    wire.hangUp();
    finish();
    await wire.quiet();
    expect(stand.guard.health()).toMatchObject({ callsInFlight: 0, counts: { unfinished: 1, finished: 0 } });
    expect(wire.answersTo(1)).toHaveLength(0);
  });

  it("tell of a send that fails", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    wire.transport.sendError = new Error("broken pipe");
    wire.post({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "echo" } });
    await wire.quiet();
    expect(stand.guard.health().counts.sendFailures).toBe(1);
  });
});

describe("dangerously.allowUnsigned", () => {
  it("lets unsigned calls of the named tools through, uncountersigned, and no others", async () => {
    const stand = await openStand({
      tools: { open: () => say("open") },
      guard: { dangerously: { allowUnsigned: ["open"] } },
    });
    const wire = await stand.connect();
    const answer = await wire.call({ name: "open" });
    expect(text(answer)).toBe("open");
    expect(at(answer, "result", "_meta")).toBeUndefined();
    expect(at(await wire.call({ name: "echo" }), "error", "data", "reason")).toBe("unsigned");
    expect(
      at(await wire.ask({ jsonrpc: "2.0", id: 9, method: "tasks/list" }), "error", "data", "reason"),
    ).toBe("unsigned");
    expect(stand.guard.health().counts.unsignedAllowed).toBe(1);
    expect(stand.guard.health().callsInFlight).toBe(0);
  });

  it.each([
    ["a list", ["echo"]],
    ["all", true],
  ])("refuses a bad receipt all the same (%s)", async (_, allowUnsigned) => {
    const stand = await openStand({ guard: { dangerously: { allowUnsigned } } });
    const wire = await stand.connect();
    for (const _signet of [null, {}, "", 0, false]) {
      const params = { name: "echo", _meta: { _signet } };
      expect(at(await wire.call(params), "error", "data", "reason")).toBe("malformed");
    }
    const stranger = await stand.sign({ identity: stand.mallory });
    expect(at(await wire.call(stranger), "error", "data", "reason")).toBe("untrusted_signer");
    expect(stand.runs()).toBe(0);
  });
});

describe("methods", () => {
  it("guards what it names, by prefix too, and leaves the rest", async () => {
    const stand = await openStand({ guard: { methods: ["tools/call", "resources/*", "ping"] } });
    const wire = await stand.connect();
    const ask = (method: string, params?: unknown): Promise<JsonRecord> =>
      wire.ask({ jsonrpc: "2.0", id: wire.freshId(), method, params });
    expect(at(await ask("resources/list"), "error", "data", "reason")).toBe("unsigned");
    expect(at(await ask("ping"), "error", "data", "reason")).toBe("unsigned");
    expect(at(await ask("tools/list"), "error", "data", "reason")).toBeUndefined();
    const { _meta } = await stand.sign({ tool: "ping", arguments: {} });
    const answer = await ask("ping", { _meta });
    expect(at(answer, "result", "_meta", "_signet_bilateral", "v")).toBe(3);
  });
});

describe("closing", () => {
  it("waits for the calls in flight and refuses new ones", async () => {
    let finish: () => void = () => {};
    const slow: Tool = async () => {
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return say("done");
    };
    const stand = await openStand({ tools: { slow } });
    const wire = await stand.connect();
    wire.post({ jsonrpc: "2.0", id: 1, method: "tools/call", params: await stand.sign({ tool: "slow" }) });
    await wire.quiet();
    let closed = false;
    const closing = stand.guard.close().then(() => {
      closed = true;
    });
    expect(at(await wire.call(await stand.sign()), "error", "data", "reason")).toBe("closed");
    expect(closed).toBe(false);
    finish();
    expect(at(await wire.answer(1), "result", "_meta", "_signet_bilateral", "v")).toBe(3);
    await closing;
    expect(closed).toBe(true);
  });

  it("runs nothing once it has waited long enough, and was verified or held until then", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      const stand = await openStand();
      const wire = await stand.connect();
      wire.post(callMessage(await stand.sign({ issuedAtMs: stand.clock() + 9000 }), 1));
      await wire.quiet();
      const closing = stand.guard.close();
      await vi.advanceTimersByTimeAsync(5000);
      await closing;
      stand.clock.advance(9000);
      await vi.advanceTimersByTimeAsync(4000);
      expect(at(await wire.answer(1), "error", "data", "reason")).toBe("closed");
      expect(stand.runs()).toBe(0);
      expect(stand.store.claims).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it("does not run a call whose connection a listener closes when it hears of it", async () => {
    const stand = await openStand({
      guard: {
        onEvent: (event) => {
          if (event.type === "accepted") void wire.close();
        },
      },
    });
    const wire = await stand.connect();
    wire.post(callMessage(await stand.sign(), 1));
    await wire.quiet();
    expect(stand.runs()).toBe(0);
    expect(stand.guard.health()).toMatchObject({ callsInFlight: 0, counts: { accepted: 1, unfinished: 1 } });
  });
});
