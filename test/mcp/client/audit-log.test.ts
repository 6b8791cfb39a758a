import { chmod, copyFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Client as ClientV2, InMemoryTransport as InMemoryV2 } from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { InMemoryTransport as InMemoryV1 } from "@modelcontextprotocol/sdk/inMemory.js";
import { McpServer as ServerV1 } from "@modelcontextprotocol/sdk/server/mcp.js";
import { McpServer as ServerV2 } from "@modelcontextprotocol/server";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";

import { AuditLog } from "../../../src/audit/log.js";
import { decryptParams, paramsKey } from "../../../src/audit/record/params-cipher.js";
import { recordHash } from "../../../src/audit/record/record-hash.js";
import { splitLine } from "../../../src/audit/record/record-text.js";
import { GENESIS_HASH } from "../../../src/audit/record/types.js";
import type { JsonRecord } from "../../../src/lib/json.js";
import type { SigningTransportOptions } from "../../../src/mcp/client/options.js";
import { SigningTransport } from "../../../src/mcp/client/signing-transport.js";
import { checkReceiptSignature } from "../../../src/receipt/check.js";
import { parseReceipt } from "../../../src/receipt/parse.js";
import { WatchedTrustRegistry } from "../../../src/trust/watched-registry.js";
import { agent, at, connect, countersigning, registryText, resultFor, serverKey, TARGET } from "./harness.js";

let folder: string;
let dir: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "signet-client-audit-"));
  dir = join(folder, "audit");
});
afterEach(async () => {
  // A log may still be letting go of its files.
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

async function dayFiles(): Promise<string[]> {
  return (await readdir(dir)).filter((name) => name.endsWith(".jsonl")).toSorted();
}

/** Reads the records of the log, and checks its chain. */
async function readRecords(): Promise<JsonRecord[]> {
  const records: JsonRecord[] = [];
  let previous = GENESIS_HASH;
  for (const name of await dayFiles()) {
    // What is being written meanwhile has no end yet.
    const lines = (await readFile(join(dir, name), "utf8")).split("\n").slice(0, -1);
    for (const line of lines) {
      const parts = splitLine(Buffer.from(line));
      if (parts === undefined) throw new Error("a line of another layout");
      expect(parts.prevHash).toBe(previous);
      expect(parts.recordHash).toBe(recordHash(parts.receiptText, previous));
      previous = parts.recordHash;
      records.push(JSON.parse(Buffer.from(parts.receiptText).toString()) as JsonRecord);
    }
  }
  return records;
}

function kinds(records: readonly JsonRecord[]): unknown[] {
  return records.map(({ v, type }) => v ?? type);
}

describe("a transport with a log's directory", () => {
  it("opens it in start and closes it with the connection, and a later connection continues the chain", async () => {
    const { transport, call, answer, received } = connect({ audit: dir });
    const closed = vi.spyOn(AuditLog.prototype, "close");
    for (const id of [1, 2]) {
      await transport.start();
      answer(resultFor(await call(id)));
      await vi.waitFor(() => {
        expect(received).toHaveLength(id);
      });
      await transport.close();
      expect(closed).toHaveBeenCalledTimes(id);
    }
    await Promise.all(closed.mock.results.map(({ value }) => value));
    closed.mockRestore();
    expect(await dayFiles()).toEqual(["2026-11-23.jsonl"]);
    const records = await readRecords();
    expect(kinds(records)).toEqual([1, 3, 1, 3]);
    for (const record of records) {
      const parsed = parseReceipt(record);
      expect(parsed.ok && checkReceiptSignature(parsed.value)).toEqual({ ok: true });
    }
  });

  it("opens it for a request that is sent before start", async () => {
    const { transport, call } = connect({ audit: dir });
    await call(1);
    await transport.close();
    expect(kinds(await readRecords())).toEqual([1, "call_unanswered"]);
  });

  it("rejects start when it cannot be a log's, and leaves neither a connection nor a watched file", async () => {
    await writeFile(dir, "");
    const servers = join(folder, "registry.json");
    await writeFile(servers, registryText());
    const closed = vi.spyOn(WatchedTrustRegistry.prototype, "close");
    const { transport, inner } = connect({ audit: dir, servers });
    await expect(transport.start()).rejects.toMatchObject({ name: "AuditLogError" });
    expect(inner.started).toBe(0);
    expect(closed).toHaveBeenCalledTimes(1);
    closed.mockRestore();
    await rm(dir);
    await transport.start();
    expect(inner.started).toBe(1);
    await transport.close();
  });

  it("closes what it was opening when it is closed meanwhile", async () => {
    const closed = vi.spyOn(AuditLog.prototype, "close");
    const { transport } = connect({ audit: dir });
    const started = transport.start();
    await transport.close();
    await expect(started).rejects.toMatchObject({ code: "transport_closed" });
    expect(closed).toHaveBeenCalledTimes(1);
    closed.mockRestore();
  });

  it("encrypts what is stored with the key of a key file, which others than its holder cannot read", async () => {
    const identity = join(folder, "plain-bot.key");
    await copyFile(new URL("../../vectors/home/keys/plain-bot.key", import.meta.url), identity);
    await chmod(identity, 0o600);
    const { transport, call, answer, received } = connect({ audit: dir, encryptParams: true, identity });
    await transport.start();
    answer(resultFor(await call(1, "echo", { secret: "swordfish" })));
    await vi.waitFor(() => {
      expect(received).toHaveLength(1);
    });
    await transport.close();
    for (const name of await readdir(dir)) {
      expect((await readFile(join(dir, name))).includes("swordfish")).toBe(false);
    }
    const { seed } = JSON.parse(await readFile(identity, "utf8")) as { seed: string };
    const key = paramsKey(Buffer.from(seed, "base64"));
    const shown = (await readRecords()).map((record) => decryptParams(record, key));
    expect(shown).toMatchObject([
      { action: { params: { secret: "swordfish" } } },
      { agent_receipt: { action: { params: { secret: "swordfish" } } } },
    ]);
  });
});

describe("a transport with a log that was passed in", () => {
  it("shares what the disk takes between requests, and leaves the log open", async () => {
    const log = await AuditLog.open(dir);
    const { transport, inner, answer, received } = connect({ audit: log });
    const message = (id: number): JsonRecord => ({
      jsonrpc: "2.0",
      id,
      method: "tools/call",
      params: { name: "echo", arguments: { id } },
    });
    const ids = Array.from({ length: 64 }, (_, index) => index);
    await Promise.all(ids.map((id) => transport.send(message(id))));
    expect(inner.sent.map(({ id }) => id)).toEqual(ids);
    for (const request of inner.sent) answer(resultFor(request));
    await vi.waitFor(() => {
      expect(received).toHaveLength(64);
    });
    expect(received.map(({ id }) => id)).toEqual(ids);
    await transport.close();
    expect(log.health()).toMatchObject({ ok: true, appended: 128 });
    expect(log.health().commits).toBeLessThan(32);
    await log.close();
    expect(await readRecords()).toHaveLength(128);
  });

  it("sends nothing once that log is closed", async () => {
    const log = await AuditLog.open(dir);
    const { call, inner, received, errors } = connect({ audit: log });
    await call(1);
    await log.close();
    await call(2);
    await vi.waitFor(() => {
      expect(received).toMatchObject([{ id: 2, error: { data: { reason: "audit_unavailable" } } }]);
    });
    expect(inner.sent).toHaveLength(1);
    expect(errors).toMatchObject([{ code: "audit_closed" }]);
  });
});

interface Pair {
  readonly client: ClientV1 | ClientV2;
  close(): Promise<void>;
}

const echo = ({ text }: { text: string }): { content: { type: "text"; text: string }[] } => ({
  content: [{ type: "text", text }],
});

async function pairV1(options: SigningTransportOptions, countersigns: boolean): Promise<Pair> {
  const server = new ServerV1({ name: "s", version: "1" });
  server.registerTool("echo", { inputSchema: { text: z.string() } }, echo);
  const [near, far] = InMemoryV1.createLinkedPair();
  const client = new ClientV1({ name: "c", version: "1" });
  await server.connect(countersigns ? countersigning(far) : far);
  await client.connect(new SigningTransport(near, options));
  return { client, close: () => client.close() };
}

async function pairV2(options: SigningTransportOptions, countersigns: boolean): Promise<Pair> {
  const server = new ServerV2({ name: "s", version: "1" });
  server.registerTool("echo", { inputSchema: z.object({ text: z.string() }) }, echo);
  const [near, far] = InMemoryV2.createLinkedPair();
  const client = new ClientV2({ name: "c", version: "1" });
  await server.connect(countersigns ? countersigning(far) : far);
  await client.connect(new SigningTransport(near, options));
  return { client, close: () => client.close() };
}

describe.each([
  ["v1", pairV1],
  ["v2", pairV2],
])("a client of SDK %s with a log", (_, pair) => {
  const identity = { signer: agent, name: "bot" };

  it("gets its answers, each of which is in the log by then", async () => {
    const { client, close } = await pair({ identity, target: TARGET, servers: serverKey, audit: dir }, true);
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const text = `text ${index}`;
        expect(await client.callTool({ name: "echo", arguments: { text } })).toMatchObject({
          content: [{ text }],
        });
        const logged = await readRecords();
        expect(
          logged.some((record) => at(record, "agent_receipt", "action", "params", "text") === text),
        ).toBe(true);
      }),
    );
    expect(await client.listTools()).toMatchObject({ tools: [{ name: "echo" }] });
    await close();
    const versions = kinds(await readRecords());
    expect([1, 3].map((v) => versions.filter((found) => found === v).length)).toEqual([20, 20]);
  });

  it("gets an error and the log a record when the server does not countersign", async () => {
    const { client, close } = await pair({ identity, target: TARGET, servers: serverKey, audit: dir }, false);
    const call = client.callTool({ name: "echo", arguments: { text: "hi" } });
    await expect(call).rejects.toMatchObject({ code: 1, data: { reason: "countersignature_missing" } });
    await close();
    const records = await readRecords();
    expect(kinds(records)).toEqual([1, "answer_refused"]);
    expect(records[1]).toMatchObject({ intent_id: records[0]?.["id"], code: "countersignature_missing" });
  });

  it("gets an error for a call that cannot be logged, and goes on once it can", async () => {
    const log = await AuditLog.open(dir);
    const append = vi.spyOn(log, "appendText").mockRejectedValueOnce(new Error("not now"));
    const { client, close } = await pair({ identity, target: TARGET, servers: serverKey, audit: log }, true);
    const call = { name: "echo", arguments: { text: "hi" } };
    await expect(client.callTool(call)).rejects.toMatchObject({
      code: 1,
      data: { reason: "audit_unavailable" },
    });
    expect(await client.callTool(call)).toMatchObject({ content: [{ text: "hi" }] });
    append.mockRestore();
    await close();
    await log.close();
  });
});
