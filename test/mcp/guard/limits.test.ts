import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { createMemoryReplayStore } from "../../../src/replay/memory.js";
import type { Charge } from "../../../src/replay/index.js";
import type { ReplayStore } from "../../../src/replay/types.js";
import { createGuard } from "../../../src/server.js";
import type { GuardOptions } from "../../../src/server.js";
import { pinnedClock, signedCall, testIdentity, testRegistryText } from "../../../src/testing.js";
import { expectAcceptedCall, expectRefusal, expectRefusedCall } from "../../attack/support/expect.js";
import { openStand } from "../../attack/support/stand.js";
import type { Stand, StandOptions } from "../../attack/support/stand.js";
import { callMessage } from "../../attack/support/wire.js";

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A memory store that keeps claims waiting until it is told to answer, and writes down what it is charged. */
class SlowStore implements ReplayStore {
  readonly charged: string[] = [];
  readonly #inner: ReturnType<typeof createMemoryReplayStore>;
  readonly #waiting: (() => void)[] = [];
  isHeld = false;

  constructor(clock: () => number) {
    this.#inner = createMemoryReplayStore({ clock });
  }

  async claim(...claim: Parameters<ReplayStore["claim"]>): Promise<"claimed" | "replayed"> {
    if (this.isHeld) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.#inner.claim(...claim);
  }

  charge(charges: readonly Charge[]): ReturnType<NonNullable<ReplayStore["charge"]>> {
    this.charged.push("charge");
    return this.#inner.charge(charges);
  }

  refund(charges: readonly Charge[]): void {
    this.charged.push("refund");
    this.#inner.refund(charges);
  }

  release(): void {
    this.isHeld = false;
    for (const go of this.#waiting.splice(0)) go();
  }
}

interface Limited {
  readonly stand: Stand;
  readonly store: SlowStore;
}

async function openLimited(maxCalls: number, options: StandOptions = {}): Promise<Limited> {
  const stores: SlowStore[] = [];
  const stand = await openStand({
    ...options,
    agents: ({ alice, bob }) => [{ ...alice, limits: { maxCalls, windowSeconds: 60 } }, bob],
    replay: (clock) => {
      const store = new SlowStore(clock);
      stores.push(store);
      return store;
    },
  });
  const [store] = stores;
  if (store === undefined) throw new Error("the stand takes the store that it is given");
  return { stand, store };
}

describe("an agent with limits", () => {
  it("is refused beyond them, gets room as time goes on, and touches no other", async () => {
    const { stand } = await openLimited(2);
    const wire = await stand.connect();
    for (let call = 0; call < 2; call++) await expectAcceptedCall(stand, wire, await stand.sign());
    await expectRefusedCall(stand, wire, await stand.sign(), "rate_limited");
    await expectAcceptedCall(stand, wire, await stand.sign({ identity: stand.bob }));
    stand.clock.advance(60_000);
    await expectAcceptedCall(stand, wire, await stand.sign());
  });

  it("pays nothing for replays, nor for calls that are refused before", async () => {
    const { stand, store } = await openLimited(2);
    const wire = await stand.connect();
    const first = await stand.sign();
    await expectAcceptedCall(stand, wire, first);
    await expectRefusedCall(stand, wire, first, "replayed");
    await expectRefusedCall(stand, wire, { ...(await stand.sign()), name: "other" }, "wrong_tool");
    expect(store.charged).toEqual(["charge"]);
    await expectAcceptedCall(stand, wire, await stand.sign());
  });

  it("pays nothing for a call that an unsigned twin keeps from running", async () => {
    const { stand, store } = await openLimited(1);
    const wire = await stand.connect();
    store.isHeld = true;
    wire.post(callMessage(await stand.sign(), 1));
    wire.post(callMessage({ name: "echo", arguments: {} }, 1));
    await wire.quiet();
    store.release();
    expectRefusal(await wire.answer(1), "duplicate_request");
    await wire.quiet();
    expect(stand.runs()).toBe(0);
    expect(store.charged).toEqual([]);
    await expectAcceptedCall(stand, wire, await stand.sign(), 0);
  });

  it("gets back what a call cost that was cancelled before it ran", async () => {
    const { stand, store } = await openLimited(1);
    const wire = await stand.connect();
    store.isHeld = true;
    wire.post(callMessage(await stand.sign(), 1));
    await wire.quiet();
    wire.post({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
    await wire.quiet();
    store.release();
    await wire.quiet();
    expect(stand.runs()).toBe(0);
    expect(store.charged).toEqual(["charge", "refund"]);
    await expectAcceptedCall(stand, wire, await stand.sign(), 0);
  });

  it("is held to limits that came while its calls, dated ahead, waited for their time", async () => {
    const folder = mkdtempSync(join(tmpdir(), "signet-limits-"));
    folders.push(folder);
    const [alice, server, clock] = [testIdentity("alice"), testIdentity("server"), pinnedClock(Date.now())];
    const registry = join(folder, "registry.json");
    writeFileSync(registry, testRegistryText({ agents: [alice] }));
    const options: GuardOptions = {
      registry,
      identity: { signer: server.signer, name: server.name },
      target: "mcp://limits",
      clock,
      replay: "memory",
    };
    const guard = await createGuard(options);
    const AHEAD_MS = 300;
    const verdicts = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const call = { identity: alice, tool: "echo", target: "mcp://limits", arguments: {} };
        return guard.verify(await signedCall({ ...call, issuedAtMs: clock() + AHEAD_MS }));
      }).concat(
        (async () => {
          const next = testRegistryText({
            agents: [{ ...alice, limits: { maxCalls: 2, windowSeconds: 60 } }],
          });
          writeFileSync(join(folder, "next.json"), next);
          renameSync(join(folder, "next.json"), registry);
          await guard.reload();
          clock.advance(AHEAD_MS);
          return { ok: false, code: "closed", detail: "no call" } as const;
        })(),
      ),
    );
    expect(verdicts.filter(({ ok }) => ok)).toHaveLength(2);
    expect(verdicts.filter((verdict) => !verdict.ok && verdict.code === "rate_limited")).toHaveLength(3);
    await guard.close();
  });

  it("is named by health when limits came to a guard whose store cannot count", async () => {
    const folder = mkdtempSync(join(tmpdir(), "signet-limits-"));
    folders.push(folder);
    const [alice, server] = [testIdentity("alice"), testIdentity("server")];
    const registry = join(folder, "registry.json");
    writeFileSync(registry, testRegistryText({ agents: [alice] }));
    const guard = await createGuard({
      registry,
      identity: { signer: server.signer, name: server.name },
      target: "mcp://limits",
      replay: { claim: () => "claimed" },
    });
    expect(guard.health()).toMatchObject({ problems: [] });
    writeFileSync(
      join(folder, "next.json"),
      testRegistryText({ agents: [{ ...alice, limits: { maxCalls: 2, windowSeconds: 60 } }] }),
    );
    renameSync(join(folder, "next.json"), registry);
    await guard.reload();
    expect(guard.health()).toMatchObject({
      ok: false,
      problems: [expect.stringContaining("the store cannot count calls")],
    });
    const call = { identity: alice, tool: "echo", target: "mcp://limits", arguments: {} };
    expect(await guard.verify(await signedCall(call))).toMatchObject({ code: "replay_unavailable" });
    await guard.close();
  });
});
