import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { testIdentity } from "../../src/testing.js";
import type { TestEntry } from "../../src/testing.js";
import type { RefusalCode } from "../../src/server.js";
import { expectAccepted, expectAcceptedCall, expectRefusal, expectRefusedCall } from "./support/expect.js";
import { slowTool } from "./support/gate.js";
import type { SlowTool } from "./support/gate.js";
import { registryFile, registryText } from "./support/registry-file.js";
import type { RegistryFile } from "./support/registry-file.js";
import { NOW_MS, openStand } from "./support/stand.js";
import type { Stand } from "./support/stand.js";
import { callMessage } from "./support/wire.js";
import type { Wire } from "./support/wire.js";

const alice = testIdentity("alice");
const bob = testIdentity("bob");

/** What a new version of the file makes of alice's entry. */
const CHANGES: readonly (readonly [string, RefusalCode, readonly TestEntry[]])[] = [
  ["revokes its key", "key_revoked", [{ ...alice, status: "revoked" }, bob]],
  ["disables its key", "key_disabled", [{ ...alice, status: "disabled" }, bob]],
  ["does not list its key any more", "untrusted_signer", [bob]],
  ["lets its key expire", "key_expired", [{ ...alice, expiresAt: new Date(NOW_MS).toISOString() }, bob]],
  ["gives its key another name", "signer_mismatch", [{ ...alice, name: "alicia" }, bob]],
  ["gives its key another owner", "signer_mismatch", [{ ...alice, owner: "other" }, bob]],
  ["takes the tool from its key", "out_of_scope", [{ ...alice, tools: ["other"] }, bob]],
  ["takes the target from its key", "out_of_scope", [{ ...alice, targets: ["mcp://other"] }, bob]],
];

describe("class 25: a registry that changes while a call is verified", () => {
  it.each(CHANGES)("does not run a call when the new version %s: %s", async (_, code, agents) => {
    const { stand, wire, file } = await open();
    stand.store.hold();
    wire.post(callMessage(await sign(stand), 1));
    await wire.quiet();
    expect(wire.answersTo(1)).toEqual([]);
    await file.write({ agents });
    await stand.guard.reload();
    stand.store.release();
    expectRefusal(await wire.answer(1), code);
    await wire.quiet();
    expect(stand.runs()).toBe(0);
    expect(stand.guard.health().callsInFlight).toBe(0);
    await expectAcceptedCall(stand, wire, await stand.sign({ identity: bob }));
  });

  it("runs a call whose key the new version still trusts", async () => {
    const { stand, wire, file } = await open();
    const call = await sign(stand);
    stand.store.hold();
    wire.post(callMessage(call, 1));
    await wire.quiet();
    await file.write({ agents: [alice] });
    await stand.guard.reload();
    stand.store.release();
    expectAccepted(await wire.answer(1), call);
  });

  it("names the signer of a call that was refused for a new version: its signature held", async () => {
    const { stand, wire, file } = await open();
    stand.store.hold();
    wire.post(callMessage(await sign(stand), 1));
    await wire.quiet();
    await file.write({ agents: [{ ...alice, status: "revoked" }, bob] });
    await stand.guard.reload();
    stand.store.release();
    await wire.answer(1);
    const refused = stand.events.find(({ type }) => type === "refused");
    expect(refused).toMatchObject({ code: "key_revoked", signer: { name: "alice" } });
  });
});

describe("class 25: a registry that changes while a tool runs", () => {
  it.each(CHANGES)(
    "countersigns what ran, and refuses the next call, when the new version %s: %s",
    async (_, code, agents) => {
      const slow = slowTool();
      const { stand, wire, file } = await open(slow);
      const call = await sign(stand, "slow");
      wire.post(callMessage(call, 1));
      await slow.started();
      await file.write({ agents });
      await stand.guard.reload();
      slow.finish();
      expectAccepted(await wire.answer(1), call);
      await expectRefusedCall(stand, wire, await sign(stand), code);
    },
  );
});

/** Bad versions of the file, and the code of what is wrong with it. */
const BAD: readonly (readonly [string, string, (file: RegistryFile) => Promise<unknown>])[] = [
  ["is half written", "registry_syntax", (file) => file.writeText(text([alice, bob]).slice(0, 200))],
  ["is empty", "registry_syntax", (file) => file.writeText("")],
  ["is no registry", "registry_invalid", (file) => file.writeText('"alice"')],
  ["lists nobody", "registry_empty", (file) => file.writeText(text([]))],
  ["lists a key twice", "registry_invalid", (file) => file.writeText(text([alice, { ...alice, id: "2" }]))],
  [
    "goes back in time",
    "registry_regressed",
    (file) => file.write({ agents: [alice, bob] }, "2019-01-01T00:00:00Z"),
  ],
  ["is gone", "registry_not_found", (file) => rm(file.path)],
  [
    "is a directory",
    "registry_unreadable",
    async (file) => {
      await rm(file.path);
      await mkdir(file.path);
    },
  ],
  [
    "is a link to nowhere",
    "registry_not_found",
    async (file) => {
      await rm(file.path);
      await symlink(join(file.folder, "nowhere"), file.path);
    },
  ],
  [
    "is a link to itself",
    "registry_unreadable",
    async (file) => {
      await rm(file.path);
      await symlink(file.path, file.path);
    },
  ],
];

describe("class 25: a bad new version of the file", () => {
  it.each(BAD)(
    "keeps the old version when the file %s (%s), says so, and takes the next good one",
    async (_, code, spoil) => {
      const { stand, wire, file } = await open();
      await spoil(file);
      await expect(stand.guard.reload()).rejects.toMatchObject({ name: "TrustRegistryError", code });
      expect(stand.guard.health().ok).toBe(false);
      expect(stand.guard.health().registry.fault).toEqual(expect.any(String));
      expect(stand.events).toContainEqual(expect.objectContaining({ type: "registry_rejected" }));
      await expectAcceptedCall(stand, wire, await sign(stand));
      const mallory = await stand.sign({ identity: stand.mallory });
      await expectRefusedCall(stand, wire, mallory, "untrusted_signer");

      await rm(file.path, { recursive: true, force: true });
      await file.write({ agents: [bob] });
      await stand.guard.reload();
      expect(stand.guard.health().ok).toBe(true);
      await expectRefusedCall(stand, wire, await sign(stand), "untrusted_signer");
    },
  );

  it.each<[string, Partial<TestEntry>, Partial<TestEntry>]>([
    ["the tools of a key", { tools: ["other"] }, {}],
    ["the targets of a key", { targets: ["mcp://other"] }, {}],
    ["the principal of a key", { principal: "agent://acme/alice" }, {}],
    ["a revocation", { status: "revoked" }, { status: "active" }],
    ["a revocation, which it calls a disabling", { status: "revoked" }, { status: "disabled" }],
  ])("keeps the old version when the new one takes back %s", async (_, before, after) => {
    const { stand, wire, file } = await open(undefined, [{ ...alice, ...before }, bob]);
    const refusal = await wire.call(await sign(stand));
    await file.write({ agents: [{ ...alice, ...after }, bob] });
    await expect(stand.guard.reload()).rejects.toMatchObject({ code: "registry_regressed" });
    const again = await wire.call(await sign(stand));
    expect({ ...again, id: 0 }).toEqual({ ...refusal, id: 0 });
    expect(again).toHaveProperty("error");
    expect(stand.runs()).toBe(0);
  });

  it("takes a restriction that is widened in so many words", async () => {
    const { stand, wire, file } = await open(undefined, [{ ...alice, tools: ["other"] }, bob]);
    await expectRefusedCall(stand, wire, await sign(stand), "out_of_scope");
    await file.write({ agents: [{ ...alice, tools: ["*"] }, bob] });
    await stand.guard.reload();
    await expectAcceptedCall(stand, wire, await sign(stand));
  });

  it("refuses calls when the file has been bad for longer than it may be, and takes them when it is good again", async () => {
    const { stand, wire, file } = await open(undefined, [alice, bob], 60_000);
    await rm(file.path);
    await expect(stand.guard.reload()).rejects.toMatchObject({ code: "registry_not_found" });
    stand.clock.advance(60_000);
    await expectAcceptedCall(stand, wire, await sign(stand));
    stand.clock.advance(1);
    await expectRefusedCall(stand, wire, await sign(stand), "registry_stale");
    await file.write({ agents: [alice] });
    await stand.guard.reload();
    await expectAcceptedCall(stand, wire, await sign(stand));
  });

  it("does not run a call when the file became stale while it was verified", async () => {
    const { stand, wire, file } = await open(undefined, [alice, bob], 60_000);
    await rm(file.path);
    await expect(stand.guard.reload()).rejects.toMatchObject({ code: "registry_not_found" });
    stand.store.hold();
    wire.post(callMessage(await sign(stand), 1));
    await wire.quiet();
    stand.clock.advance(60_001);
    stand.store.release();
    expectRefusal(await wire.answer(1), "registry_stale");
    expect(stand.runs()).toBe(0);
  });

  it("takes a version that was put in the file's place by a rename", async () => {
    const { stand, wire, file } = await open();
    const next = join(file.folder, "next");
    await writeFile(next, registryText({ agents: [bob] }, "2026-01-02T00:00:00Z"));
    await rename(next, file.path);
    await stand.guard.reload();
    await expectRefusedCall(stand, wire, await sign(stand), "untrusted_signer");
  });
});

interface Opened {
  readonly stand: Stand;
  readonly wire: Wire;
  readonly file: RegistryFile;
}

async function open(
  slow?: SlowTool,
  agents: readonly TestEntry[] = [alice, bob],
  maxStaleMs?: number,
): Promise<Opened> {
  const file = await registryFile({ agents });
  const stand = await openStand({
    guard: { registry: file.path, ...(maxStaleMs === undefined ? {} : { maxStaleMs }) },
    ...(slow && { tools: { slow: slow.tool } }),
  });
  return { stand, wire: await stand.connect(), file };
}

function sign(stand: Stand, tool: string = "echo"): ReturnType<Stand["sign"]> {
  return stand.sign({ identity: alice, tool });
}

function text(agents: readonly TestEntry[]): string {
  return registryText({ agents }, "2026-01-02T00:00:00Z");
}
