import { rm } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { createGuard } from "../../../src/server.js";
import type { GuardEvent } from "../../../src/server.js";
import { testIdentity } from "../../../src/testing.js";
import { expectAcceptedCall, expectRefusedCall } from "../../attack/support/expect.js";
import { registryFile } from "../../attack/support/registry-file.js";
import { openStand } from "../../attack/support/stand.js";
import type { Stand } from "../../attack/support/stand.js";

const alice = testIdentity("alice");
const bob = testIdentity("bob");

describe("the registry file of a guard", () => {
  it("is followed by itself: a key that is taken out is refused without anybody asking", async () => {
    const file = await registryFile({ agents: [alice, bob] });
    const { stand, next } = await open(file.path);
    const wire = await stand.connect();
    await expectAcceptedCall(stand, wire, await stand.sign({ identity: alice }));
    const reloaded = next("registry_reloaded");
    await file.write({ agents: [bob] });
    await reloaded;
    await expectRefusedCall(stand, wire, await stand.sign({ identity: alice }), "untrusted_signer");
    expect(stand.guard.health().registry).toMatchObject({ file: file.path, agents: 1 });
  });

  it("is reported when it vanishes, and when it is back", async () => {
    const file = await registryFile({ agents: [alice] });
    const { stand, next } = await open(file.path);
    const rejected = next("registry_rejected");
    await rm(file.path);
    expect(await rejected).toMatchObject({ error: { code: "registry_not_found" } });
    const health = stand.guard.health();
    expect(health).toMatchObject({ ok: false, registry: { agents: 1, staleSinceMs: stand.clock() } });
    expect(health.problems).toHaveLength(1);
    await expectAcceptedCall(stand, await stand.connect(), await stand.sign({ identity: alice }));
    const reloaded = next("registry_reloaded");
    await file.write({ agents: [alice, bob] });
    await reloaded;
    expect(stand.guard.health()).toMatchObject({ ok: true, problems: [], registry: { agents: 2 } });
    expect(stand.guard.health().registry).not.toHaveProperty("staleSinceMs");
  });

  it("is warned of on stderr where nobody listens, once for each fault", async () => {
    const warnings: string[] = [];
    const listen = (warning: Error & { code?: string }): void =>
      void warnings.push(`${warning.code} ${warning.message}`);
    process.on("warning", listen);
    try {
      const [server, other] = [testIdentity("server"), testIdentity("other")];
      const file = await registryFile({ agents: [alice], servers: [other] });
      const identity = { signer: server.signer, name: server.name };
      const guard = await createGuard({ registry: file.path, identity, target: "mcp://x" });
      await rm(file.path);
      await expect(guard.reload()).rejects.toMatchObject({ code: "registry_not_found" });
      await expect(guard.reload()).rejects.toMatchObject({ code: "registry_not_found" });
      await guard.close();
      await new Promise(setImmediate);
      expect(warnings).toHaveLength(2);
      expect(warnings[0]).toContain(
        `identity_not_listed identity_not_listed: the server's own key ${server.publicKey}`,
      );
      expect(warnings[1]).toContain(file.path);
    } finally {
      process.off("warning", listen);
    }
  });

  it("says in its health when it is dated ahead, as it then stands in the way of revocations", async () => {
    const file = await registryFile({ agents: [alice] });
    const { stand } = await open(file.path);
    expect(stand.guard.health().problems).toEqual([]);
    stand.clock.set(stand.guard.health().registry.generatedAtMs - 3_600_000);
    expect(stand.guard.health().problems).toEqual([expect.stringContaining("ahead of this clock by 3600 s")]);
  });

  it("is reported when the guard's own entry does not cover a target of the guard", async () => {
    const server = testIdentity("server");
    const file = await registryFile({
      agents: [alice],
      servers: [{ ...server, targets: ["mcp://elsewhere"] }],
    });
    const { stand } = await open(file.path, { identity: { signer: server.signer, name: server.name } });
    expect(stand.guard.health().problems).toEqual([expect.stringContaining("do not cover")]);
  });

  it("is not followed any more once the guard is closed", async () => {
    const file = await registryFile({ agents: [alice] });
    const { stand } = await open(file.path);
    await stand.guard.close();
    await expect(stand.guard.reload()).rejects.toMatchObject({ code: "registry_closed" });
    expect(stand.guard.health().ok).toBe(false);
  });

  it("that was passed in as an object is as it is: reload does nothing", async () => {
    const stand = await openStand();
    await stand.guard.reload();
    expect(stand.guard.health().registry).toEqual({ agents: 2, generatedAtMs: expect.any(Number) as number });
  });

  it("makes the guard say so when it stops to list the guard's own key", async () => {
    const server = testIdentity("server");
    const file = await registryFile({ agents: [alice], servers: [server] });
    const { stand } = await open(file.path, { identity: { signer: server.signer, name: server.name } });
    expect(stand.guard.health().ok).toBe(true);
    await file.write({ agents: [alice], servers: [{ ...server, status: "revoked" }] });
    await stand.guard.reload();
    expect(stand.guard.health().ok).toBe(false);
  });
});

interface Opened {
  readonly stand: Stand;
  /** Waits for the next event of a type. */
  next(type: GuardEvent["type"]): Promise<GuardEvent>;
}

async function open(registry: string, guard: object = {}): Promise<Opened> {
  const waiting: ((event: GuardEvent) => void)[] = [];
  const onEvent = (event: GuardEvent): void => {
    for (const listener of waiting) listener(event);
  };
  const stand = await openStand({ guard: { registry, onEvent, ...guard } });
  const next = (type: GuardEvent["type"]): Promise<GuardEvent> =>
    new Promise((resolve) => {
      waiting.push((event) => {
        if (event.type === type) resolve(event);
      });
    });
  return { stand, next };
}
