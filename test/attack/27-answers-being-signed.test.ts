import { describe, expect, it } from "vitest";
import { createSigner, generateSeed } from "../../src/receipt/index.js";
import type { Signer } from "../../src/receipt/index.js";
import { expectAccepted, expectRefusal } from "./support/expect.js";
import { openStand } from "./support/stand.js";
import type { Stand } from "./support/stand.js";
import { at, callMessage } from "./support/wire.js";

/** A signer far away: it answers when it is let, and not before. */
class SlowSigner implements Signer {
  readonly #inner = createSigner(generateSeed());
  readonly #waiting: (() => void)[] = [];
  readonly publicKey = this.#inner.publicKey;

  async sign(message: Uint8Array): Promise<Uint8Array> {
    await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    return this.#inner.sign(message);
  }

  release(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

async function openSlow(limits = {}): Promise<{ stand: Stand; signer: SlowSigner }> {
  const signer = new SlowSigner();
  const stand = await openStand({ guard: { identity: { signer, name: "slow" }, limits } });
  return { stand, signer };
}

describe("between a tool's answer and its countersignature", () => {
  it.each([["ping"], ["tools/call"]])(
    "refuses a %s of the same id at once, before the answer leaves",
    async (method) => {
      const { stand, signer } = await openSlow();
      const wire = await stand.connect();
      const params = await stand.sign();
      wire.post(callMessage(params, 7));
      await wire.quiet();
      expect(stand.runs()).toBe(1);
      const twin = method === "ping" ? {} : await stand.sign();
      wire.post({ jsonrpc: "2.0", id: 7, method, params: twin });
      await wire.quiet();
      expectRefusal(await wire.answer(7), "duplicate_request");
      signer.release();
      expectAccepted(await wire.answer(7, 2), params);
      await wire.quiet();
      expect(wire.answersTo(7)).toHaveLength(2);
      expect(stand.runs()).toBe(1);
      expect(stand.guard.health().callsInFlight).toBe(0);
    },
  );

  it("counts calls in flight until they are signed: a signer that hangs does not let them pile up", async () => {
    const { stand, signer } = await openSlow({ callsInFlight: 3 });
    const wire = await stand.connect();
    for (let id = 0; id < 3; id++) wire.post(callMessage(await stand.sign(), id));
    await wire.quiet();
    expect(stand.guard.health().callsInFlight).toBe(3);
    expectRefusal(await wire.call(await stand.sign(), 3), "busy");
    expect(stand.runs()).toBe(3);
    signer.release();
    for (let id = 0; id < 3; id++) expect(at(await wire.answer(id), "result")).toBeDefined();
    await wire.quiet();
    expect(stand.guard.health().callsInFlight).toBe(0);
  });

  it.each([
    ["a cancel", "cancel"],
    ["the end of the connection", "close"],
    ["both", "both"],
  ])("counts a call out once, with %s meanwhile", async (_, what) => {
    const { stand, signer } = await openSlow();
    const [wire, other] = [await stand.connect(), await stand.connect()];
    wire.post(callMessage(await stand.sign(), 1));
    other.post(callMessage(await stand.sign(), 1));
    await wire.quiet();
    expect(stand.guard.health().callsInFlight).toBe(2);
    if (what !== "close") {
      wire.post({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
    }
    if (what !== "cancel") wire.hangUp();
    await wire.quiet();
    expect(stand.guard.health().callsInFlight).toBe(what === "cancel" ? 2 : 1);
    signer.release();
    await other.answer(1);
    await wire.quiet();
    expect(stand.guard.health()).toMatchObject({
      callsInFlight: 0,
      counts: { accepted: 2, finished: 2, cancelled: 0, unfinished: 0 },
    });
  });
});

describe("requests that were cancelled", () => {
  it("do not fill a connection for ever when they need no receipt", async () => {
    const stand = await openStand({ guard: { limits: { requestsInFlight: 3 } } });
    // As both SDKs do with a request that was cancelled: no answer.
    const server = {
      setRequestHandler: () => undefined,
      async connect(
        transport: { onmessage?: (message: { id?: unknown; method?: string }) => void } & Sender,
      ) {
        transport.onmessage = ({ id, method }) => {
          if (method !== "slow" && id !== undefined) void transport.send({ jsonrpc: "2.0", id, result: {} });
        };
        await Promise.resolve();
      },
      close: () => Promise.resolve(),
    };
    const wire = await stand.attach(server);
    for (let id = 0; id < 3; id++) {
      wire.post({ jsonrpc: "2.0", id, method: "slow" });
      wire.post({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: id } });
    }
    expectRefusal(await wire.ask({ jsonrpc: "2.0", id: 3, method: "ping" }), "busy");
    stand.clock.advance(600_001);
    expect(await wire.ask({ jsonrpc: "2.0", id: 4, method: "ping" })).toMatchObject({ result: {} });
  });
});

interface Sender {
  send(message: unknown): Promise<void>;
}
