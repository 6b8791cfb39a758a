import { describe, expect, it } from "vitest";
import { expectAcceptedCall, expectRefusal, expectRefusedCall } from "./support/expect.js";
import { openStand } from "./support/stand.js";
import { callMessage } from "./support/wire.js";

const CAPACITY = 20;
const store = { capacity: CAPACITY, perSignerShare: CAPACITY };

describe("class 5: more honest calls than the store holds, then a replay of the first", () => {
  it("refuses new calls when the store is full, and forgets none of those it took", async () => {
    const stand = await openStand({ store });
    const wire = await stand.connect();
    const calls = await Promise.all(Array.from({ length: CAPACITY }, () => stand.sign()));
    for (const call of calls) await expectAcceptedCall(stand, wire, call);
    for (let n = 0; n < CAPACITY; n++) {
      await expectRefusedCall(stand, wire, await stand.sign({ identity: stand.bob }), "replay_full", {
        claims: 1,
      });
    }
    for (const call of calls) await expectRefusedCall(stand, wire, call, "replayed", { claims: 1 });
    expect(stand.runs()).toBe(CAPACITY);
  });

  it("does the same when all of them come in one tick", async () => {
    const stand = await openStand({ store });
    const wire = await stand.connect();
    const calls = await Promise.all(Array.from({ length: 3 * CAPACITY }, () => stand.sign()));
    wire.postBatch(calls.map((call, id) => callMessage(call, id)));
    const answers = await Promise.all(calls.map((_, id) => wire.answer(id)));
    expect(answers.filter((answer) => "result" in answer)).toHaveLength(CAPACITY);
    for (const answer of answers.slice(CAPACITY)) expectRefusal(answer, "replay_full");
    await expectRefusedCall(stand, wire, calls[0], "replayed", { claims: 1 });
    expect(stand.runs()).toBe(CAPACITY);
  });

  it("takes calls again when the window has passed, and the first ones are too old by then", async () => {
    const stand = await openStand({ store });
    const wire = await stand.connect();
    const first = await stand.sign();
    await expectAcceptedCall(stand, wire, first);
    for (let n = 1; n < CAPACITY; n++) await expectAcceptedCall(stand, wire, await stand.sign());
    stand.clock.advance(300_000 + 30_000 + 1000);
    await expectRefusedCall(stand, wire, first, "too_old");
    stand.clock.advance(10_000);
    await expectAcceptedCall(stand, wire, await stand.sign());
    expect(stand.store.live).toBe(1);
  });

  it("says in its health that the store is full", async () => {
    const stand = await openStand({ store });
    const wire = await stand.connect();
    for (let n = 0; n < CAPACITY; n++) await expectAcceptedCall(stand, wire, await stand.sign());
    expect(stand.guard.health().replay).toMatchObject({
      kind: "memory",
      liveNonces: CAPACITY,
      capacity: CAPACITY,
    });
  });
});
