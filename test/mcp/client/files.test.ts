import { chmod, copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openTrustRegistry } from "../../../src/trust/open.js";
import { parseTrustRegistry } from "../../../src/trust/parse.js";
import { WatchedTrustRegistry } from "../../../src/trust/watched-registry.js";
import { at, connect, registryText, RawTransport, RESULT, resultFor } from "./harness.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "signet-client-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function write(name: string, text: string): Promise<string> {
  await writeFile(join(folder, name), text);
  return join(folder, name);
}

function reasonOf(message: unknown): unknown {
  return at(message, "error", "data", "reason");
}

describe("a transport whose options name files", () => {
  it("opens them in start, and works again after a close", async () => {
    const key = join(folder, "plain-bot.key");
    await copyFile(new URL("../../vectors/home/keys/plain-bot.key", import.meta.url), key);
    await chmod(key, 0o600);
    const servers = await write("registry.json", registryText());
    const { transport, inner, call, answer, received } = connect({ identity: key, servers });
    const closed = vi.spyOn(WatchedTrustRegistry.prototype, "close");
    for (const id of [1, 2]) {
      await transport.start();
      expect(inner.started).toBe(id);
      answer(resultFor(await call(id)));
      await transport.close();
      expect(closed).toHaveBeenCalledTimes(id);
    }
    closed.mockRestore();
    expect(received).toMatchObject([{ result: RESULT }, { result: RESULT }]);
  });

  it.each([
    ["identity_not_found", { identity: "./no-such.key" }],
    ["registry_not_found", { servers: "./no-such.yaml" }],
  ])("rejects start with %s and leaves the real transport alone", async (code, options) => {
    const { transport, inner } = connect(options);
    await expect(transport.start()).rejects.toMatchObject({ code });
    expect(inner.started).toBe(0);
  });

  it("rejects start when the registry lists no servers", async () => {
    const servers = await write("registry.json", registryText({ servers: [] }));
    const { transport } = connect({ servers });
    await expect(transport.start()).rejects.toMatchObject({ code: "registry_empty" });
  });

  it("can be started again once the file is there", async () => {
    const servers = join(folder, "registry.json");
    const { transport, call, answer, received } = connect({ servers });
    await expect(transport.start()).rejects.toMatchObject({ code: "registry_not_found" });
    await write("registry.json", registryText());
    await transport.start();
    answer(resultFor(await call(1)));
    expect(received).toMatchObject([{ result: RESULT }]);
  });

  it("opens them for a request that is sent before start, and keeps requests in order", async () => {
    const servers = await write("registry.json", registryText());
    const { transport, inner } = connect({ servers });
    const message = (id: number): Record<string, unknown> => ({
      jsonrpc: "2.0",
      id,
      method: "tools/call",
      params: { name: "a" },
    });
    await Promise.all([transport.send(message(1)), transport.send(message(2))]);
    expect(inner.sent.map(({ id }) => id)).toEqual([1, 2]);
    await transport.close();
  });

  it("rejects a request that is sent before start when they do not open, and forgets it", async () => {
    const { transport, inner } = connect({ servers: "./no-such.yaml" });
    const message = { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "a" } };
    await expect(transport.send(message)).rejects.toMatchObject({ code: "registry_not_found" });
    await expect(transport.send(message)).rejects.toMatchObject({ code: "registry_not_found" });
    expect(inner.sent).toEqual([]);
  });

  it("does not start when it is closed meanwhile", async () => {
    const servers = await write("registry.json", registryText());
    const { transport, inner } = connect({ servers });
    const started = transport.start();
    await transport.close();
    await expect(started).rejects.toMatchObject({ code: "transport_closed" });
    expect(inner.started).toBe(0);
  });

  it("follows the registry: a server that is revoked is not believed any more, a bad file is reported", async () => {
    const servers = await write("registry.json", registryText());
    const { transport, call, answer, received, errors } = connect({ servers });
    await transport.start();
    const asked = await call(1);
    await write("registry.json", "{");
    await vi.waitFor(() => {
      expect(errors).toMatchObject([{ code: "registry_syntax" }]);
    }, 10_000);
    answer(resultFor(asked));
    const revoked = { status: "revoked", revoked_at: "2026-11-01T00:00:00Z" };
    await write("registry.json", registryText({ server: revoked, generatedAt: "2026-11-02T00:00:00Z" }));
    await vi.waitFor(async () => {
      answer(resultFor(await call(received.length + 1)));
      expect(received.map(reasonOf).at(-1)).toBe("key_revoked");
    }, 10_000);
    expect(received[0]).toMatchObject({ result: RESULT });
    await transport.close();
  });
});

describe("a transport that is given a registry", () => {
  it("takes one that is parsed, or one that is watched, which it does not close", async () => {
    const registry = parseTrustRegistry(registryText(), { requireAgents: false });
    const watched = await openTrustRegistry(await write("registry.json", registryText()), {
      requireAgents: false,
    });
    for (const servers of [registry, watched]) {
      const { transport, call, answer, received } = connect({ servers });
      answer(resultFor(await call(1)));
      expect(received).toMatchObject([{ result: RESULT }]);
      await transport.close();
    }
    await expect(watched.reload()).resolves.toBeUndefined();
    await watched.close();
  });

  it("works without an SDK setting anything on it", async () => {
    const inner = new RawTransport();
    const { transport } = connect({}, inner);
    await transport.start();
    await transport.close();
    expect(inner.started).toBe(1);
  });
});
