import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import { Client as ClientV2 } from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { McpServer as McpServerV2 } from "@modelcontextprotocol/server";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { createMemoryReplayStore } from "../../../src/replay/memory.js";
import { createGuard } from "../../../src/server.js";
import type { GuardEvent, GuardOptions } from "../../../src/server.js";
import { testIdentity, testRegistry, testRegistryText } from "../../../src/testing.js";

const agent = testIdentity("agent");
const server = testIdentity("server");
const registry = testRegistry({ agents: [agent], servers: [server] });
const good: GuardOptions = {
  registry,
  identity: { signer: server.signer, name: "server" },
  target: "mcp://x",
};
const info = { name: "server", version: "1.0.0" };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "signet-guard-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** Calls createGuard as untyped code does. */
function create(changes: Record<string, unknown>): Promise<unknown> {
  return Reflect.apply(createGuard, undefined, [{ ...good, ...changes }]);
}

describe("createGuard", () => {
  it.each([
    ["no options", undefined, "options"],
    ["a list", [], "options"],
    ["null", null, "options"],
  ])("refuses %s in the place of options", async (_, options, option) => {
    const made: Promise<unknown> = Reflect.apply(createGuard, undefined, [options]);
    await expect(made).rejects.toMatchObject({ code: "invalid_option", option });
    await expect(made).rejects.toBeInstanceOf(TypeError);
  });

  it.each<[string, Record<string, unknown>, string, string]>([
    ["no registry", { registry: undefined }, "missing_option", "options.registry"],
    ["a blank registry path", { registry: " " }, "invalid_option", "options.registry"],
    ["a registry that is an object", { registry: { agents: [] } }, "invalid_option", "options.registry"],
    [
      "a registry path that is a URL",
      { registry: new URL("file:///r.yaml") },
      "invalid_option",
      "options.registry",
    ],
    [
      "a registry path that is a URL's text",
      { registry: "file:///r.yaml" },
      "invalid_option",
      "options.registry",
    ],
    [
      "a registry's text for its path",
      { registry: "version: 1\norg: acme" },
      "invalid_option",
      "options.registry",
    ],
    [
      "an identity that is a URL",
      { identity: new URL("file:///s.key") },
      "invalid_option",
      "options.identity",
    ],
    ["an identity that is a URL's text", { identity: "file:///s.key" }, "invalid_option", "options.identity"],
    [
      "unsigned tools by a pattern",
      { dangerously: { allowUnsigned: ["github_*"] } },
      "invalid_option",
      "options.dangerously.allowUnsigned",
    ],
    ["no identity", { identity: undefined }, "missing_option", "options.identity"],
    ["an identity that is a number", { identity: 7 }, "invalid_option", "options.identity"],
    [
      "an identity without a name",
      { identity: { signer: server.signer } },
      "invalid_option",
      "options.identity.name",
    ],
    [
      "a signer that cannot sign",
      { identity: { signer: {}, name: "server" } },
      "invalid_option",
      "options.identity.signer",
    ],
    ["no target", { target: undefined }, "missing_option", "options.target"],
    ["an empty list of targets", { target: [] }, "invalid_option", "options.target"],
    ["a blank target", { target: "" }, "invalid_option", "options.target"],
    [
      "a target with a blank at its end",
      { target: ["mcp://x", "mcp://y "] },
      "invalid_option",
      "options.target",
    ],
    ["a target that is no text", { target: ["mcp://x", 1] }, "invalid_option", "options.target"],
    ["an unknown replay store", { replay: "redis" }, "invalid_option", "options.replay"],
    ["a store that cannot claim", { replay: {} }, "invalid_option", "options.replay"],
    ["an audit log that is neither a log nor a directory", { audit: 1 }, "invalid_option", "options.audit"],
    ["redaction of nothing", { redact: () => undefined }, "invalid_option", "options.redact"],
    [
      "receipts that no record can hold",
      { audit: "./audit", limits: { receiptBytes: 67_108_864 } },
      "invalid_option",
      "options.limits.receiptBytes",
    ],
    ["a policy, which is not there yet", { policy: "./policy.yaml" }, "unsupported_option", "options.policy"],
    ["a misspelt option", { maxAge: 1000 }, "unknown_option", "options.maxAge"],
    ["a maxAgeMs of nothing", { maxAgeMs: 0 }, "invalid_option", "options.maxAgeMs"],
    ["a maxAgeMs of more than a day", { maxAgeMs: 86_400_001 }, "invalid_option", "options.maxAgeMs"],
    ["a maxAgeMs that is a text", { maxAgeMs: "300000" }, "invalid_option", "options.maxAgeMs"],
    ["a clockSkewMs below zero", { clockSkewMs: -1 }, "invalid_option", "options.clockSkewMs"],
    ["a clockSkewMs that is no number", { clockSkewMs: Number.NaN }, "invalid_option", "options.clockSkewMs"],
    ["limits that are no object", { limits: 1 }, "invalid_option", "options.limits"],
    ["an unknown limit", { limits: { bytes: 1 } }, "unknown_option", "options.limits.bytes"],
    ["a depth beyond 100", { limits: { depth: 101 } }, "invalid_option", "options.limits.depth"],
    [
      "calls in flight of zero",
      { limits: { callsInFlight: 0 } },
      "invalid_option",
      "options.limits.callsInFlight",
    ],
    ["a clock that tells no number", { clock: () => "now" }, "invalid_option", "options.clock"],
    ["a clock that tells NaN", { clock: () => Number.NaN }, "invalid_option", "options.clock"],
    ["a clock that tells a bigint", { clock: () => 1n }, "invalid_option", "options.clock"],
    ["a clock that tells a promise", { clock: async () => 1 }, "invalid_option", "options.clock"],
    [
      "a clock that throws",
      {
        clock: () => {
          throw new Error("stopped");
        },
      },
      "invalid_option",
      "options.clock",
    ],
    ["limits that are null", { limits: null }, "invalid_option", "options.limits"],
    ["dangers that are null", { dangerously: null }, "invalid_option", "options.dangerously"],
    ["an identity that is null", { identity: null }, "invalid_option", "options.identity"],
    ["a target that is a URL", { target: new URL("mcp://x") }, "invalid_option", "options.target"],
    ["a target that no receipt can hold", { target: "\ud800" }, "invalid_option", "options.target"],
    [
      "a target that is too long for a receipt",
      { target: "x".repeat(1025) },
      "invalid_option",
      "options.target",
    ],
    [
      "a name that no receipt can hold",
      { identity: { signer: server.signer, name: "\ud800" } },
      "invalid_option",
      "options.identity.name",
    ],
    [
      "a principal that is none",
      { identity: { signer: server.signer, name: "server", principal: "Bad P" } },
      "invalid_option",
      "options.identity.principal",
    ],
    ["a clock that is no function", { clock: 1 }, "invalid_option", "options.clock"],
    ["a listener that is no function", { onEvent: {} }, "invalid_option", "options.onEvent"],
    ["methods that are no list", { methods: "tools/call" }, "invalid_option", "options.methods"],
    ["an empty list of methods", { methods: [] }, "invalid_option", "options.methods"],
    [
      "a notification as a method",
      { methods: ["notifications/initialized"] },
      "invalid_option",
      "options.methods",
    ],
    ["a misspelt tools/call", { methods: ["tool/call"] }, "invalid_option", "options.methods"],
    ["methods that leave the tools open", { methods: ["resources/*"] }, "invalid_option", "options.methods"],
    ["requireTools that is no boolean", { requireTools: 1 }, "invalid_option", "options.requireTools"],
    ["maxStaleMs without a file to go stale", { maxStaleMs: 1000 }, "invalid_option", "options.maxStaleMs"],
    [
      "an unknown danger",
      { dangerously: { allowAll: true } },
      "unknown_option",
      "options.dangerously.allowAll",
    ],
    [
      "allowUnsigned that is no list",
      { dangerously: { allowUnsigned: "echo" } },
      "invalid_option",
      "options.dangerously.allowUnsigned",
    ],
  ])("refuses %s", async (_, changes, code, option) => {
    await expect(create(changes)).rejects.toMatchObject({ name: "OptionError", code, option });
  });

  it("names the file of a registry that is not there", async () => {
    const file = join(folder, "missing.yaml");
    await expect(create({ registry: file })).rejects.toMatchObject({ code: "registry_not_found", file });
  });

  it("names the line of a registry that does not hold", async () => {
    const file = join(folder, "typo.json");
    await writeFile(file, testRegistryText({ agents: [agent] }).replace('"status"', '"statsu"'));
    await expect(create({ registry: file })).rejects.toMatchObject({
      code: "registry_invalid",
      file,
      line: expect.any(Number),
    });
  });

  it.each([
    ["file", async () => join(folder, "empty.json")],
    ["object", async () => testRegistry({ agents: [agent] })],
  ])("does not start with an empty list of agents in a registry %s", async (kind, open) => {
    if (kind === "object") {
      const { parseTrustRegistry } = await import("../../../src/trust/index.js");
      const empty = parseTrustRegistry(testRegistryText({ agents: [] }), { requireAgents: false });
      await expect(create({ registry: empty })).rejects.toMatchObject({ code: "registry_empty" });
      return;
    }
    const file = await open();
    await writeFile(join(folder, "empty.json"), testRegistryText({ agents: [] }));
    await expect(create({ registry: file })).rejects.toMatchObject({ code: "registry_empty", file });
  });

  it("says where it looked for a key that is not there", async () => {
    await expect(create({ identity: join(folder, "nobody.key") })).rejects.toMatchObject({
      code: "identity_not_found",
    });
    await expect(create({ identity: "nobody-of-this-name" })).rejects.toMatchObject({
      code: "identity_not_found",
    });
  });

  it("reads its own key from a plain key file", async () => {
    const path = join(folder, "file-server.key");
    const seed = Buffer.alloc(32, 7).toString("base64");
    await writeFile(path, JSON.stringify({ v: 1, algorithm: "ed25519", name: "file-server", seed }), {
      mode: 0o600,
    });
    const guard = await createGuard({ ...good, identity: path });
    expect(guard.describe().server.name).toBe("file-server");
  });

  it("tells that the registry's servers do not list the guard's own key", async () => {
    const events: GuardEvent[] = [];
    const other = testIdentity("other");
    const guard = await createGuard({
      ...good,
      registry: testRegistry({ agents: [agent], servers: [other] }),
      onEvent: (event) => void events.push(event),
    });
    expect(events.map(({ type }) => type)).toEqual(["identity_not_listed"]);
    expect(guard.health().ok).toBe(false);
    expect((await createGuard({ ...good })).health()).toMatchObject({ ok: true, problems: [] });
  });

  it("describes itself without secrets", async () => {
    const guard = await createGuard({ ...good, target: ["mcp://x", "mcp://y"], maxAgeMs: 1000 });
    expect(guard.describe()).toEqual({
      v: 1,
      targets: ["mcp://x", "mcp://y"],
      server: { pubkey: server.publicKey, name: "server" },
      receipt_versions: [1],
      max_age_ms: 1000,
      clock_skew_ms: 30_000,
      limits: { receipt_bytes: 1_114_112, argument_bytes: 1_048_576, depth: 100 },
    });
  });

  it("leaves a store that was passed in to its owner", async () => {
    const replay = createMemoryReplayStore();
    const guard = await createGuard({ ...good, replay });
    await guard.close();
    expect(replay.health().ready).toBe(true);
  });
});

describe("protect", () => {
  it("returns the server, and changes nothing the second time", async () => {
    const guard = await createGuard(good);
    const mcp = new McpServer(info);
    expect(guard.protect(mcp)).toBe(mcp);
    const { connect } = mcp.server;
    expect(guard.protect(mcp)).toBe(mcp);
    expect(guard.protect(mcp.server)).toBe(mcp.server);
    expect(mcp.server.connect).toBe(connect);
  });

  it.each([
    ["nothing", undefined],
    ["a text", "server"],
    ["an object that cannot connect", {}],
    ["a server-like object without handlers", { connect: () => Promise.resolve() }],
    ["a client of SDK v1", new Client(info)],
    ["a client of SDK v2", new ClientV2(info)],
  ])("refuses %s", async (_, value) => {
    const guard = await createGuard(good);
    expect(() => Reflect.apply(guard.protect.bind(guard), undefined, [value])).toThrowError(
      expect.objectContaining({ code: "not_a_server" }),
    );
  });

  it.each([
    ["McpServer of SDK v1", () => new McpServer(info)],
    ["Server of SDK v1", () => new Server(info, { capabilities: {} })],
    ["McpServer of SDK v2", () => new McpServerV2(info)],
  ])("refuses a %s that is connected", async (_, make) => {
    const guard = await createGuard(good);
    const connected = make();
    await connected.connect(InMemoryTransport.createLinkedPair()[0]);
    expect(() => guard.protect(connected)).toThrowError(
      expect.objectContaining({ code: "already_connected" }),
    );
    await connected.close();
  });

  it("refuses a server that another guard protects", async () => {
    const mcp = (await createGuard(good)).protect(new McpServer(info));
    const other = await createGuard(good);
    expect(() => other.protect(mcp)).toThrowError(expect.objectContaining({ code: "already_protected" }));
  });

  it("refuses once the guard is closed", async () => {
    const guard = await createGuard(good);
    await guard.close();
    expect(() => guard.protect(new McpServer(info))).toThrowError(
      expect.objectContaining({ code: "guard_closed" }),
    );
    expect(guard.health().ok).toBe(false);
  });

  it("leaves the SDK's own error for what is no transport", async () => {
    const guard = await createGuard(good);
    const mcp = guard.protect(new McpServer(info));
    await expect(Reflect.apply(mcp.connect.bind(mcp), undefined, [undefined])).rejects.toThrow();
  });
});
