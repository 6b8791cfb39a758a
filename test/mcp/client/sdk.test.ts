import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Client as ClientV2, InMemoryTransport as InMemoryV2 } from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { InMemoryTransport as InMemoryV1 } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer as ServerV1 } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import type { EventStore } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { CallToolResultSchema } from "@modelcontextprotocol/sdk/types.js";
import { McpServer as ServerV2 } from "@modelcontextprotocol/server";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import type { AnsweredRequest } from "../../../src/mcp/client/events.js";
import type { SigningTransportOptions } from "../../../src/mcp/client/options.js";
import { createSentReceipts } from "../../../src/mcp/client/sent-receipts.js";
import { SigningTransport } from "../../../src/mcp/client/signing-transport.js";
import { agent, countersigning, serverKey, TARGET } from "./harness.js";

const IDENTITY = { signer: agent, name: "bot" };
const OPTIONS: SigningTransportOptions = { identity: IDENTITY, target: TARGET, servers: serverKey };

interface Pair {
  readonly client: ClientV1 | ClientV2;
  readonly transport: object;
  readonly transportClass: new (...parameters: never[]) => unknown;
  close(): Promise<void>;
}

type Wrap = <T extends object>(transport: T) => T;

async function pairV1(options: SigningTransportOptions, wrap: Wrap): Promise<Pair> {
  const server = new ServerV1({ name: "s", version: "1" });
  server.registerTool("echo", { inputSchema: { text: z.string().default("nothing") } }, ({ text }) => ({
    content: [{ type: "text", text }],
  }));
  server.registerTool("fail", {}, () => {
    throw new Error("no such file");
  });
  server.registerTool("slow", {}, () => new Promise(() => undefined));
  const [near, far] = InMemoryV1.createLinkedPair();
  const client = new ClientV1({ name: "c", version: "1" });
  const transport = new SigningTransport(near, options);
  await server.connect(wrap(far));
  await client.connect(transport);
  return { client, transport, transportClass: InMemoryV1, close: () => client.close() };
}

async function pairV2(options: SigningTransportOptions, wrap: Wrap): Promise<Pair> {
  const server = new ServerV2({ name: "s", version: "1" });
  server.registerTool(
    "echo",
    { inputSchema: z.object({ text: z.string().default("nothing") }) },
    ({ text }) => ({
      content: [{ type: "text", text }],
    }),
  );
  server.registerTool("fail", {}, () => {
    throw new Error("no such file");
  });
  server.registerTool("slow", {}, () => new Promise(() => undefined));
  const [near, far] = InMemoryV2.createLinkedPair();
  const client = new ClientV2({ name: "c", version: "1" });
  const transport = new SigningTransport(near, options);
  await server.connect(wrap(far));
  await client.connect(transport);
  return { client, transport, transportClass: InMemoryV2, close: () => client.close() };
}

const bare: Wrap = (transport) => transport;

describe.each([
  ["v1", pairV1],
  ["v2", pairV2],
])("a client of SDK %s", (_, connect) => {
  it("gets results that are countersigned, failures among them", async () => {
    const events: AnsweredRequest[] = [];
    const { client, close } = await connect(
      { ...OPTIONS, onReceipt: (event) => void events.push(event) },
      countersigning,
    );
    const done = await client.callTool({ name: "echo", arguments: { text: "hi" } });
    expect(done).toMatchObject({ content: [{ text: "hi" }] });
    expect(await client.callTool({ name: "fail" })).toMatchObject({ isError: true });
    expect(await client.listTools()).toMatchObject({
      tools: [{ name: "echo" }, { name: "fail" }, { name: "slow" }],
    });
    expect(events.map(({ verified }) => verified)).toEqual([true, true]);
    await close();
  });

  it("sees an error that says which check failed when the server does not countersign", async () => {
    const { client, close } = await connect(OPTIONS, bare);
    await expect(client.callTool({ name: "echo", arguments: {} })).rejects.toMatchObject({
      code: 1,
      data: { reason: "countersignature_missing" },
    });
    await close();
  });

  it("works with a server that knows nothing of it when no servers are named", async () => {
    const { client, close } = await connect({ identity: IDENTITY, target: TARGET }, bare);
    expect(await client.callTool({ name: "echo" })).toMatchObject({ content: [{ text: "nothing" }] });
    await close();
  });

  it("gets an error for what cannot be signed, and goes on", async () => {
    const { client, close } = await connect(OPTIONS, countersigning);
    const call = client.callTool({ name: "echo", arguments: { text: Number.NaN } });
    await expect(call).rejects.toMatchObject({ code: 1, data: { reason: "params_not_canonical" } });
    expect(await client.callTool({ name: "echo", arguments: { text: "hi" } })).toMatchObject({
      content: [{ text: "hi" }],
    });
    await close();
  });

  it("can cancel, and call again", async () => {
    const { client, close } = await connect(OPTIONS, countersigning);
    const abort = new AbortController();
    const options = { signal: abort.signal };
    const call =
      client instanceof ClientV1
        ? client.callTool({ name: "slow" }, undefined, options)
        : client.callTool({ name: "slow" }, options);
    abort.abort();
    await expect(call).rejects.toThrow();
    expect(await client.callTool({ name: "echo", arguments: { text: "hi" } })).toMatchObject({
      content: [{ text: "hi" }],
    });
    await close();
  });

  it("takes it for the transport that it wraps", async () => {
    const { transport, transportClass, close } = await connect(OPTIONS, countersigning);
    expect(transport).toBeInstanceOf(transportClass);
    expect(transport).toBeInstanceOf(SigningTransport);
    expect(transport.constructor).toBe(transportClass);
    await close();
  });
});

describe("a stream of SDK v1 that is taken up again", () => {
  let http: HttpServer | undefined;
  afterEach(() => {
    http?.closeAllConnections();
    http?.close();
  });

  /** Keeps events in the order in which they came. */
  function createEventStore(): EventStore {
    const events: { id: string; stream: string; message: JSONRPCMessage }[] = [];
    return {
      storeEvent: (stream, message) => {
        const id = `${stream}_${events.length}`;
        events.push({ id, stream, message });
        return Promise.resolve(id);
      },
      replayEventsAfter: async (last, { send }) => {
        const from = events.findIndex(({ id }) => id === last);
        const stream = events[from]?.stream ?? "";
        for (const event of events.slice(from + 1))
          if (event.stream === stream) await send(event.id, event.message);
        return stream;
      },
    };
  }

  it("accepts the answer to the call that another transport sent before", async () => {
    const finish = { now: (): void => undefined };
    const server = new ServerV1({ name: "s", version: "1" });
    server.registerTool("long", { inputSchema: { text: z.string() } }, async ({ text }, extra) => {
      const params = { progressToken: 0, progress: 1 };
      await extra.sendNotification({ method: "notifications/progress", params });
      await new Promise<void>((resolve) => {
        finish.now = resolve;
      });
      return { content: [{ type: "text", text }] };
    });
    const far = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      eventStore: createEventStore(),
    });
    await server.connect(countersigning(far));
    http = createServer((request, response) => void far.handleRequest(request, response));
    await new Promise<void>((resolve) => http?.listen(0, "127.0.0.1", resolve));
    const { port } = http.address() as AddressInfo;
    const url = new URL(`http://127.0.0.1:${port}/mcp`);
    const sentReceipts = createSentReceipts();
    const call = { method: "tools/call" as const, params: { name: "long", arguments: { text: "done" } } };

    const near = new StreamableHTTPClientTransport(url);
    const client = new ClientV1({ name: "c", version: "1" });
    await client.connect(new SigningTransport(near, { ...OPTIONS, sentReceipts }));
    const token = await new Promise<string>((resolve) => {
      client.request(call, CallToolResultSchema, { onresumptiontoken: resolve }).catch(() => undefined);
    });
    const { sessionId } = near;
    await client.close();
    finish.now();

    const again = new ClientV1({ name: "c", version: "1" });
    const later = new StreamableHTTPClientTransport(url, sessionId === undefined ? {} : { sessionId });
    await again.connect(new SigningTransport(later, { ...OPTIONS, sentReceipts }));
    const result = await again.request(call, CallToolResultSchema, { resumptionToken: token });
    expect(result).toMatchObject({ content: [{ text: "done" }] });
    await again.close();
  });
});
