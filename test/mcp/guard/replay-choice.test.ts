import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { createGuard } from "signet-mcp/server";
import type { Guard, GuardEvent, GuardOptions } from "signet-mcp/server";
import { signedCall, testIdentity, testRegistry } from "signet-mcp/testing";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const TARGET = "mcp://choice";
const alice = testIdentity("alice");
const server = testIdentity("server");

let home = "";
const opened: Guard[] = [];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "signet-choice-"));
  vi.stubEnv("SIGNET_HOME", home);
});

afterEach(async () => {
  await Promise.all(opened.splice(0).map((guard) => guard.close()));
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});

async function open(options: Partial<GuardOptions> = {}): Promise<Guard> {
  const guard = await createGuard({
    registry: testRegistry({ agents: [alice] }),
    identity: { signer: server.signer, name: server.name },
    target: TARGET,
    ...options,
  });
  opened.push(guard);
  return guard;
}

const TRANSPORTS = {
  stdio: () => new StdioServerTransport(new PassThrough(), new PassThrough()),
  http: () => new StreamableHTTPServerTransport({ sessionIdGenerator: () => "s" }),
  memory: () => InMemoryTransport.createLinkedPair()[0],
  unknown: () => ({ start: async () => {}, send: async () => {}, close: async () => {} }),
};

function connect(guard: Guard, transport: keyof typeof TRANSPORTS): Promise<void> {
  const made = new Server({ name: "s", version: "1" }, { capabilities: { tools: {} } });
  return guard.protect(made).connect(TRANSPORTS[transport]());
}

const sign = () => signedCall({ identity: alice, tool: "echo", target: TARGET, arguments: {} });

describe("the store of a guard for which none was chosen", () => {
  it.each(["stdio", "unknown"] as const)("is a file over %s, in SIGNET_HOME", async (transport) => {
    const guard = await open();
    expect(guard.health().replay.kind).toBeUndefined();
    await connect(guard, transport);
    expect(guard.health()).toMatchObject({ ok: true, replay: { kind: "file", ready: true } });
    expect(existsSync(join(home, "replay", "data.mdb"))).toBe(true);
  });

  it.each(["http", "memory"] as const)("is in memory over %s, and no file is made", async (transport) => {
    const guard = await open();
    await connect(guard, transport);
    await connect(guard, transport);
    expect(guard.health()).toMatchObject({ ok: true, replay: { kind: "memory", ready: true } });
    expect(existsSync(join(home, "replay"))).toBe(false);
  });

  it("is one for all connections: stdio after HTTP is an error that says what to choose", async () => {
    const guard = await open();
    await connect(guard, "http");
    await expect((async () => connect(guard, "stdio"))()).rejects.toMatchObject({
      code: "replay_not_chosen",
      message: expect.stringContaining('replay: "file"') as unknown,
    });
    const other = await open();
    await connect(other, "stdio");
    await connect(other, "http");
    expect(other.health().replay.kind).toBe("file");
  });

  it("is in memory where nothing is known of the transport, and that is told once", async () => {
    const events: GuardEvent[] = [];
    const guard = await open({ onEvent: (event) => void events.push(event) });
    expect((await guard.verify(await sign())).ok).toBe(true);
    expect((await guard.verify(await sign())).ok).toBe(true);
    expect(events.filter(({ type }) => type === "replay_not_shared")).toHaveLength(1);
  });
});

describe('a guard with `replay: "file"`', () => {
  it("refuses at another guard what one accepted, and after both are gone", async () => {
    const [first, second] = [await open({ replay: "file" }), await open({ replay: "file" })];
    const captured = await sign();
    const verdicts = await Promise.all([first, second, first, second].map((guard) => guard.verify(captured)));
    expect(verdicts.filter(({ ok }) => ok)).toHaveLength(1);
    await Promise.all([first.close(), second.close()]);
    const third = await open({ replay: "file" });
    expect(await third.verify(captured)).toMatchObject({ ok: false, code: "replayed" });
    expect((await third.verify(await sign())).ok).toBe(true);
  });

  it("accepts the first call of a client that signed it while the server started", async () => {
    const captured = await sign();
    const guard = await open({ replay: "file" });
    expect((await guard.verify(captured)).ok).toBe(true);
  });

  it("counts calls for all guards of the same targets, and apart from others", async () => {
    const limits = { maxCalls: 3, windowSeconds: 3600 };
    const registry = testRegistry({ agents: [{ ...alice, limits }] });
    const replicas = await Promise.all([1, 2].map(() => open({ replay: "file", registry })));
    const verdicts = [];
    for (let call = 0; call < 4; call++) verdicts.push(await replicas[call % 2]?.verify(await sign()));
    expect(verdicts.map((verdict) => verdict?.ok)).toEqual([true, true, true, false]);
    expect(verdicts[3]).toMatchObject({ code: "rate_limited" });
    const other = await open({ replay: "file", registry, target: [TARGET, "mcp://other"] });
    expect((await other.verify(await sign())).ok).toBe(true);
  });

  it("does not start on a file that is not the store's", async () => {
    const path = join(home, "replay");
    await (await open({ replay: "file" })).close();
    writeFileSync(join(path, "data.mdb"), "not a database".repeat(1000));
    await expect(open({ replay: "file" })).rejects.toMatchObject({
      name: "ReplayStoreError",
      code: "replay_corrupt",
    });
    await expect(connect(await open(), "stdio")).rejects.toMatchObject({ code: "replay_corrupt" });
  });

  it.each([
    ["is not the store's", "replay_corrupt"],
    ["others may write to", "replay_not_writable"],
  ])("has a server that does not start say why, where the file is one that %s", async (_, code) => {
    await (await open({ replay: "file" })).close();
    if (code === "replay_corrupt")
      writeFileSync(join(home, "replay", "data.mdb"), "not a database".repeat(1000));
    else chmodSync(join(home, "replay"), 0o777);
    const program = `
      import { Server } from "@modelcontextprotocol/sdk/server/index.js";
      import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
      import { createGuard } from "signet-mcp/server";
      import { testIdentity, testRegistry } from "signet-mcp/testing";
      const { signer, name } = testIdentity("server");
      const registry = testRegistry({ agents: [testIdentity("alice")] });
      const guard = await createGuard({ registry, identity: { signer, name }, target: "mcp://x" });
      await guard.protect(new Server({ name: "s", version: "1" })).connect(new StdioServerTransport());`;
    const args = ["--input-type=module", "-e", program];
    const { status, signal, stderr } = spawnSync(process.execPath, args, { input: "", encoding: "utf8" });
    expect({ status, signal }).toEqual({ status: 1, signal: null });
    expect(stderr).toContain(code);
  });
});
