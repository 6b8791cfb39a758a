import { describe, expect, it } from "vitest";
import type { RefusalCode } from "../../src/server.js";
import { expectAcceptedCall, expectOnlyGenuinePasses, expectRefusedCall } from "./support/expect.js";
import { SERVER_KINDS } from "./support/servers.js";
import { openStand, TARGET } from "./support/stand.js";

describe("class 15: a receipt at another server", () => {
  it("refuses at a second server what was signed for the first, used there or not", async () => {
    const first = await openStand();
    const second = await openStand({ guard: { target: "mcp://second" }, agents: () => [first.alice] });
    const [firstWire, secondWire] = [await first.connect(), await second.connect()];
    const captured = await first.sign();
    await expectRefusedCall(second, secondWire, captured, "wrong_target");
    await expectAcceptedCall(first, firstWire, captured);
    await expectRefusedCall(second, secondWire, captured, "wrong_target");
    expect(second.runs()).toBe(0);
  });

  it.each([
    "",
    "*",
    "mcp://",
    "mcp://attacke",
    "mcp://attacked/",
    "mcp://attacked ",
    " mcp://attacked",
    "MCP://attacked",
    "mcp://ATTACKED",
    "mcp://attacked?x",
    "mcp://att\u0430cked",
    "mcp://attacked\u0000",
    "mcp://attacked,mcp://other",
  ])("compares targets exactly: does not take %j for its own", async (target) => {
    const stand = await openStand();
    const wire = await stand.connect();
    await expectOnlyGenuinePasses(stand, wire, await stand.sign({ target }), "wrong_target");
  });

  it("takes a receipt once, whichever of its several targets it is for", async () => {
    const stand = await openStand({ guard: { target: [TARGET, "mcp://alias"] } });
    const wire = await stand.connect();
    const forAlias = await stand.sign({ target: "mcp://alias", nonce: "one" });
    await expectAcceptedCall(stand, wire, forAlias);
    await expectRefusedCall(stand, wire, forAlias, "replayed", { claims: 1 });
    await expectRefusedCall(stand, wire, await stand.sign({ nonce: "one" }), "replayed", { claims: 1 });
    await expectAcceptedCall(stand, wire, await stand.sign());
  });
});

const NAMES: readonly (readonly [string, unknown])[] = [
  ["none", undefined],
  ["null", null],
  ["an empty text", ""],
  ["a number", 1],
  ["true", true],
  ["a list of the name", ["echo"]],
  ["an object", { toString: "echo" }],
  ["the name with a space", "echo "],
  ["the name in capitals", "ECHO"],
  ["a name of a prototype", "__proto__"],
  ["another of a prototype", "constructor"],
  ["the name with a zero-width space", "echo\u200b"],
  ["the name with a NUL", "echo\u0000"],
];

describe("class 15: a call by another name", () => {
  it.each(NAMES)("refuses the name %s", async (_, name) => {
    const stand = await openStand();
    const wire = await stand.connect();
    const genuine = await stand.sign();
    await expectOnlyGenuinePasses(stand, wire, { ...genuine, name }, "wrong_tool", genuine);
  });

  it("refuses an empty name that was signed as such, in the SDK if not before", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const answer = await wire.call(await stand.sign({ tool: "" }));
    expect(answer).toHaveProperty("error");
    expect(stand.runs()).toBe(0);
  });

  it.each(SERVER_KINDS)(
    "does not run a tool that is not there on a %s, and answers with evidence",
    async (kind) => {
      const stand = await openStand({ server: kind });
      const wire = await stand.connect();
      for (const tool of ["missing", "__proto__", "constructor", "hasOwnProperty"]) {
        const answer = await wire.call(await stand.sign({ tool }));
        expect(JSON.stringify(answer)).toContain('"status":"failed"');
      }
      expect(stand.runs()).toBe(0);
      expect(stand.guard.health().callsInFlight).toBe(0);
    },
  );

  it("refuses a name that differs after normalisation only", async () => {
    const stand = await openStand({ tools: { "caf\u00e9": () => ({ content: [] }) } });
    const wire = await stand.connect();
    const genuine = await stand.sign({ tool: "caf\u00e9" });
    await expectOnlyGenuinePasses(stand, wire, { ...genuine, name: "cafe\u0301" }, "wrong_tool", genuine);
  });

  it.each<[string, RefusalCode]>([
    ["tasks/result", "wrong_tool"],
    ["tasks/cancel", "wrong_tool"],
    ["tasks/anything", "wrong_tool"],
    ["resources/read", "wrong_tool"],
    ["tools/call", "wrong_tool"],
    ["ping", "wrong_tool"],
    ["initialize", "wrong_tool"],
  ])("refuses a tool that is named like the method %s, or one receipt would fit both", async (tool, code) => {
    const stand = await openStand({ tools: { [tool]: () => ({ content: [] }) } });
    const wire = await stand.connect();
    await expectOnlyGenuinePasses(stand, wire, await stand.sign({ tool, arguments: { taskId: "1" } }), code);
  });

  it("does not take the receipt of a tool call for a request of another method, nor the other way round", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const call = await stand.sign({ tool: "echo", arguments: { taskId: "t" } });
    const asTask = await wire.ask({
      jsonrpc: "2.0",
      id: 1,
      method: "tasks/get",
      params: { ...call, taskId: "t" },
    });
    expect(asTask).toMatchObject({ error: { data: { reason: "wrong_tool" } } });
    const task = await stand.sign({ tool: "tasks/get", arguments: { taskId: "t" } });
    await expectRefusedCall(stand, wire, { ...task, name: "echo" }, "wrong_tool");
    await expectAcceptedCall(stand, wire, call);
  });
});
