import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { CallToolRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { Client as ClientV2, InMemoryTransport as InMemoryTransportV2 } from "@modelcontextprotocol/client";
import { Server as ServerV2 } from "@modelcontextprotocol/server";
import { describe, expect, it } from "vitest";

import { SigningTransport } from "../../../src/client.js";
import { createGuard, verifiedCall } from "../../../src/server.js";
import type { Guard, GuardOptions } from "../../../src/server.js";
import { signedCall, testIdentity, testRegistry } from "../../../src/testing.js";

const agent = testIdentity("agent");
const server = testIdentity("server");
const registry = testRegistry({ agents: [agent], servers: [server] });
const target = "mcp://wrapped";
const signing = {
  identity: { signer: agent.signer, name: agent.name, owner: agent.owner },
  target,
  servers: registry,
};

const makeGuard = (options: Partial<GuardOptions> = {}): Promise<Guard> =>
  createGuard({ registry, identity: { signer: server.signer, name: server.name }, target, ...options });

const whoami = (): { content: { type: "text"; text: string }[] } => ({
  content: [{ type: "text", text: String(verifiedCall()?.signer.name) }],
});

/** A server of SDK v1 whose one handler is wrapped, and a client of it. */
async function connect(guard: Guard, handler: () => object, sign: boolean = true): Promise<Client> {
  const low = new Server({ name: "s", version: "1" }, { capabilities: { tools: {} } });
  low.setRequestHandler(CallToolRequestSchema, guard.wrap(handler as typeof whoami));
  const [clientEnd, serverEnd] = InMemoryTransport.createLinkedPair();
  await low.connect(serverEnd);
  const client = new Client({ name: "c", version: "1" });
  await client.connect(sign ? new SigningTransport(clientEnd, signing) : clientEnd);
  return client;
}

describe("wrap", () => {
  it("takes a handler and nothing else", async () => {
    const guard = await makeGuard();
    expect(() => guard.wrap(undefined as never)).toThrow(
      expect.objectContaining({ code: "invalid_option", option: "handler" }),
    );
  });

  it("verifies a call, tells the handler who called, and countersigns", async () => {
    const guard = await makeGuard();
    const client = await connect(guard, whoami);
    const result = await client.callTool({ name: "whoami", arguments: { n: 1 } });
    expect(result.content).toEqual([{ type: "text", text: "agent" }]);
    expect(guard.health()).toMatchObject({ callsInFlight: 0, counts: { accepted: 1, finished: 1 } });
  });

  it("does the same in SDK v2", async () => {
    const guard = await makeGuard();
    const low = new ServerV2({ name: "s", version: "1" }, { capabilities: { tools: {} } });
    low.setRequestHandler("tools/call", guard.wrap(whoami));
    const [clientEnd, serverEnd] = InMemoryTransportV2.createLinkedPair();
    await low.connect(serverEnd);
    const client = new ClientV2({ name: "c", version: "1" });
    await client.connect(new SigningTransport(clientEnd, signing));
    expect((await client.callTool({ name: "whoami" })).content).toEqual([{ type: "text", text: "agent" }]);
    expect(guard.health().counts).toMatchObject({ accepted: 1, finished: 1 });
  });

  it("refuses an unsigned, a replayed and an altered call by a JSON-RPC error", async () => {
    const guard = await makeGuard();
    let runs = 0;
    const client = await connect(guard, () => ({ content: [], runs: ++runs }), false);
    await expect(client.callTool({ name: "x" })).rejects.toMatchObject({
      code: -32602,
      data: { reason: "unsigned" },
    });
    const params = await signedCall({ identity: agent, target, tool: "x", arguments: { a: 1 } });
    await client.callTool({ ...params });
    await expect(client.callTool({ ...params })).rejects.toMatchObject({ data: { reason: "replayed" } });
    const altered = {
      ...(await signedCall({ identity: agent, target, tool: "x", arguments: { a: 1 } })),
      arguments: { a: 2 },
    };
    await expect(client.callTool(altered)).rejects.toMatchObject({ data: { reason: "params_mismatch" } });
    expect(runs).toBe(1);
    expect(guard.health()).toMatchObject({
      callsInFlight: 0,
      counts: { refused: { unsigned: 1, replayed: 1 } },
    });
  });

  it("countersigns what a handler throws", async () => {
    const client = await connect(await makeGuard(), () => {
      throw Object.assign(new Error("no such thing"), { code: -32000, data: { hint: 1 } });
    });
    // The client has checked the countersignature, or this would be an error of its own.
    await expect(client.callTool({ name: "x" })).rejects.toMatchObject({ code: -32000, data: { hint: 1 } });
  });

  it("lets unsigned calls through where that was allowed, with nobody's name", async () => {
    const guard = await makeGuard({ dangerously: { allowUnsigned: ["whoami"] } });
    const client = await connect(guard, whoami, false);
    expect((await client.callTool({ name: "whoami" })).content).toEqual([
      { type: "text", text: "undefined" },
    ]);
    await expect(client.callTool({ name: "other" })).rejects.toMatchObject({ data: { reason: "unsigned" } });
  });

  it("is an error under a protected server, and the tool does not run", async () => {
    const guard = await makeGuard();
    let runs = 0;
    const low = new Server({ name: "s", version: "1" }, { capabilities: { tools: {} } });
    low.setRequestHandler(
      CallToolRequestSchema,
      guard.wrap(() => ({ content: [], runs: ++runs })),
    );
    guard.protect(low);
    const [clientEnd, serverEnd] = InMemoryTransport.createLinkedPair();
    await low.connect(serverEnd);
    const client = new Client({ name: "c", version: "1" });
    await client.connect(new SigningTransport(clientEnd, signing));
    await expect(client.callTool({ name: "x" })).rejects.toThrow(/protected/);
    expect(runs).toBe(0);
  });
});
