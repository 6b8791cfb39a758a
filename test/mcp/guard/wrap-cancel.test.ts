import { Server as ServerV1 } from "@modelcontextprotocol/sdk/server/index.js";
import { CallToolRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { Server as ServerV2 } from "@modelcontextprotocol/server";
import { describe, expect, it } from "vitest";
import { openStand } from "../../attack/support/stand.js";
import type { Stand } from "../../attack/support/stand.js";
import type { AnyServer } from "../../attack/support/servers.js";
import { callMessage, Wire } from "../../attack/support/wire.js";

type Handler = () => { content: [] };

const SERVERS: Readonly<Record<"v1" | "v2", (stand: Stand, handler: Handler) => AnyServer>> = {
  v1: ({ guard }, handler) => {
    const server = new ServerV1({ name: "v1", version: "1.0.0" }, { capabilities: { tools: {} } });
    server.setRequestHandler(CallToolRequestSchema, guard.wrap(handler));
    return server;
  },
  v2: ({ guard }, handler) => {
    const server = new ServerV2({ name: "v2", version: "1.0.0" }, { capabilities: { tools: {} } });
    server.setRequestHandler("tools/call", guard.wrap(handler));
    return server;
  },
};

describe.each(["v1", "v2"] as const)("a wrapped handler of SDK %s", (kind) => {
  it("does not run for a call that was cancelled while it was verified", async () => {
    const { stand, wire, runs } = await open(kind);
    stand.store.hold();
    wire.post(callMessage(await stand.sign(), 1));
    await wire.quiet();
    expect(stand.store.claims).toBe(1);
    wire.post({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
    await wire.quiet();
    stand.store.release();
    await wire.quiet();
    expect(runs()).toBe(0);
    expect(stand.events).toContainEqual({ type: "cancelled", method: "tools/call", ran: false });
    expect(stand.guard.health()).toMatchObject({ callsInFlight: 0, counts: { accepted: 0 } });
  });

  it("does not run for a client that went while its call was verified", async () => {
    const { stand, wire, runs } = await open(kind);
    stand.store.hold();
    wire.post(callMessage(await stand.sign(), 1));
    await wire.quiet();
    wire.hangUp();
    stand.store.release();
    await wire.quiet();
    expect(runs()).toBe(0);
    expect(stand.guard.health().callsInFlight).toBe(0);
  });
});

async function open(kind: "v1" | "v2"): Promise<{ stand: Stand; wire: Wire; runs: () => number }> {
  const stand = await openStand();
  let runs = 0;
  const server = SERVERS[kind](stand, () => {
    runs += 1;
    return { content: [] };
  });
  return { stand, wire: await Wire.open(server), runs: () => runs };
}
