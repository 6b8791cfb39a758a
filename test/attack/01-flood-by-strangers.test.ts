import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { testIdentity } from "../../src/testing.js";
import { expectAcceptedCall, expectRefusal, expectRefusedCall } from "./support/expect.js";
import { tampered } from "./support/forge.js";
import { openStand } from "./support/stand.js";
import { callMessage } from "./support/wire.js";

const FLOOD = 300;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

function heapUsed(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

describe("class 1: a flood by strangers, then a replay", () => {
  it("does not ask the store for receipts of a key that is not listed, and refuses the replay after them", async () => {
    const stand = await openStand({ store: { capacity: 10 } });
    const wire = await stand.connect();
    const captured = await stand.sign();
    await expectAcceptedCall(stand, wire, captured);
    for (let n = 0; n < FLOOD; n++) {
      expectRefusal(await wire.call(await stand.sign({ identity: stand.mallory })), "untrusted_signer");
    }
    expect(stand.store.claims).toBe(1);
    expect(stand.store.live).toBe(1);
    expect(stand.runs()).toBe(1);
    await expectRefusedCall(stand, wire, captured, "replayed", { claims: 1 });
    await expectAcceptedCall(stand, wire, await stand.sign());
  });

  it("does not ask the store for receipts of ever new keys", async () => {
    const stand = await openStand({ store: { capacity: 10 } });
    const wire = await stand.connect();
    for (let n = 0; n < FLOOD; n++) {
      const identity = testIdentity("alice");
      expectRefusal(await wire.call(await stand.sign({ identity })), "untrusted_signer");
    }
    expect(stand.store.claims).toBe(0);
    expect(stand.guard.health().callsInFlight).toBe(0);
    await expectAcceptedCall(stand, wire, await stand.sign());
  });

  it("does not ask the store for receipts under a trusted key that its owner did not sign", async () => {
    const stand = await openStand({ store: { capacity: 10, perSignerShare: 5 } });
    const wire = await stand.connect();
    const { alice, mallory } = stand;
    for (let n = 0; n < FLOOD; n++) {
      const forged = await stand.sign({ identity: { ...alice, signer: mallory.signer } });
      expectRefusal(
        await wire.call(
          tampered(forged, (receipt) => {
            receipt.signer["pubkey"] = alice.publicKey;
          }),
        ),
        "bad_signature",
      );
    }
    expect(stand.store.claims).toBe(0);
    await expectAcceptedCall(stand, wire, await stand.sign());
  });

  it("does not let unsigned calls in one tick take room among the calls in flight", async () => {
    const stand = await openStand({ guard: { limits: { callsInFlight: 1, requestsInFlight: 1 } } });
    const wire = await stand.connect();
    const ids = Array.from({ length: FLOOD }, () => wire.freshId());
    wire.postBatch(ids.map((id) => callMessage({ name: "echo", arguments: {} }, id)));
    for (const id of ids) expectRefusal(await wire.answer(id), "unsigned");
    await expectAcceptedCall(stand, wire, await stand.sign());
  });

  it("keeps no memory of refused calls", async () => {
    const stand = await openStand({ guard: { onEvent: () => {} } });
    const wire = await stand.connect();
    const text = "x".repeat(5000);
    const attacks = [
      { name: "echo", arguments: { text } },
      await stand.sign({ identity: stand.mallory, arguments: { text } }),
      tampered(await stand.sign({ arguments: { text } }), (receipt) => (receipt["nonce"] = "rnd_1")),
      { ...(await stand.sign({ arguments: { text } })), arguments: { text: "other" } },
    ];
    const flood = async (): Promise<void> => {
      for (let n = 0; n < 600; n++) {
        wire.transport.sent.length = 0;
        wire.postBatch(attacks.map((attack, id) => callMessage(attack, `${n}/${id}`)));
        await wire.answer(`${n}/${attacks.length - 1}`);
      }
    };
    await flood();
    const before = heapUsed();
    await flood();
    // 2,400 calls of more than 10 kB: kept, they would take 24 MB.
    expect(heapUsed() - before).toBeLessThan(4_000_000);
    expect(stand.store.claims).toBe(0);
  });

  it("does not tell the listener more of a name than is good for a log", async () => {
    const stand = await openStand();
    const wire = await stand.connect();
    const name = "n".repeat(1_000_000);
    await wire.call({ name, arguments: {} });
    await wire.ask({ jsonrpc: "2.0", id: 1, method: `tasks/${name}`, params: {} });
    wire.post({ jsonrpc: "2.0", method: `tasks/${name}` });
    await wire.quiet();
    expect(stand.events).toHaveLength(3);
    expect(JSON.stringify(stand.events).length).toBeLessThan(10_000);
  });

  it("gives one signer no more than its share, and keeps the nonces of the others", async () => {
    const stand = await openStand({ store: { capacity: 8, perSignerShare: 4 } });
    const wire = await stand.connect();
    const captured = await stand.sign({ identity: stand.bob });
    await expectAcceptedCall(stand, wire, captured);
    for (let n = 0; n < 4; n++) await expectAcceptedCall(stand, wire, await stand.sign());
    for (let n = 0; n < 20; n++) {
      await expectRefusedCall(stand, wire, await stand.sign(), "replay_full", { claims: 1 });
    }
    await expectRefusedCall(stand, wire, captured, "replayed", { claims: 1 });
    await expectAcceptedCall(stand, wire, await stand.sign({ identity: stand.bob }));
  });
});
