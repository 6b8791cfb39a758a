import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { generateSigner } from "../../src/crypto/signer.js";
import type { Signer } from "../../src/crypto/signer.js";
import { createMemoryReplayStore } from "../../src/replay/memory.js";
import type { ReplayStore } from "../../src/server.js";
import { openStand } from "../attack/support/stand.js";
import type { Stand } from "../attack/support/stand.js";
import { callMessage } from "../attack/support/wire.js";
import type { Wire } from "../attack/support/wire.js";

/** One copy of the call: over which connection, under which id, and in whose tick it comes. */
interface Copy {
  readonly connection: number;
  readonly id: number;
  readonly sameTick: boolean;
}

/** What else may happen to a connection in between. */
interface Event {
  readonly connection: number;
  readonly what: "cancel" | "hang up" | "ping";
  readonly id: number;
}

const CONNECTIONS = 3;
const connection = fc.nat({ max: CONNECTIONS - 1 });
const copy: fc.Arbitrary<Copy> = fc.record({ connection, id: fc.nat({ max: 6 }), sameTick: fc.boolean() });
const event: fc.Arbitrary<Event> = fc.record({
  connection,
  what: fc.constantFrom("cancel", "hang up", "ping"),
  id: fc.nat({ max: 6 }),
});

describe("any number of copies of one call", () => {
  it("runs the tool once, however they are interleaved and however long the store takes for each", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.uniqueArray(copy, {
          minLength: 2,
          maxLength: 12,
          selector: (one) => `${one.connection}/${one.id}`,
        }),
        async (scheduler, copies) => {
          const { stand, wires } = await open(scheduler);
          const genuine = await stand.sign();
          await post(scheduler, wires, copies, genuine);
          const answers: unknown[] = [];
          for (const { connection, id } of copies) answers.push(await wires[connection]?.answer(id));
          expect(stand.runs()).toBe(1);
          expect(answers.filter(hasReceipt)).toHaveLength(1);
          const { counts, callsInFlight } = stand.guard.health();
          expect(counts.refused).toEqual({ replayed: copies.length - 1 });
          expect(callsInFlight).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("runs the tool at most once under ids that clash, with cancels, pings and hang-ups in between", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(copy, { minLength: 2, maxLength: 12 }),
        fc.array(event, { maxLength: 6 }),
        async (scheduler, copies, events) => {
          const { stand, wires } = await open(scheduler);
          const genuine = await stand.sign();
          for (const one of events) {
            void scheduler.schedule(Promise.resolve(), one.what).then(() => {
              disturb(wires[one.connection], one);
            });
          }
          await post(scheduler, wires, copies, genuine);
          for (const wire of wires) await wire.quiet();
          expect(stand.runs()).toBeLessThanOrEqual(1);
          const results = wires.flatMap((wire) => wire.sent.filter(hasReceipt));
          expect(results.length).toBeLessThanOrEqual(1);
          expect(stand.guard.health().counts.accepted).toBe(stand.runs());
          expect(stand.guard.health().callsInFlight).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });
});

async function open(scheduler: fc.Scheduler): Promise<{ stand: Stand; wires: readonly Wire[] }> {
  const local = generateSigner();
  const signer: Signer = {
    publicKey: local.publicKey,
    sign: async (message) => {
      await scheduler.schedule(Promise.resolve(), "signed");
      return local.sign(message);
    },
  };
  const stand = await openStand({
    replay: (clock) => slow(createMemoryReplayStore({ clock }), scheduler),
    guard: { identity: { signer, name: "kms" } },
  });
  return { stand, wires: await Promise.all([stand.connect(), stand.connect("v2 Server"), stand.connect()]) };
}

/** Claims when the scheduler says so, and answers when it says so again. */
function slow(store: ReplayStore, scheduler: fc.Scheduler): ReplayStore {
  return {
    claim: async (...nonce) => {
      await scheduler.schedule(Promise.resolve(), "asked");
      const outcome = await store.claim(...nonce);
      await scheduler.schedule(Promise.resolve(), "answered");
      return outcome;
    },
  };
}

async function post(
  scheduler: fc.Scheduler,
  wires: readonly Wire[],
  copies: readonly Copy[],
  genuine: unknown,
): Promise<void> {
  for (const { connection, id, sameTick } of copies) {
    const receive = (): void => wires[connection]?.post(callMessage(genuine, id));
    if (sameTick) receive();
    else void scheduler.schedule(Promise.resolve(), "message").then(receive);
  }
  // A call that is claimed runs, and what ran is signed: each gives the scheduler more to do.
  for (let round = 0; round < 3; round++) {
    await scheduler.waitIdle();
    for (const wire of wires) await wire.quiet();
  }
}

function disturb(wire: Wire | undefined, { what, id }: Event): void {
  if (what === "hang up") wire?.hangUp();
  else if (what === "ping") wire?.post({ jsonrpc: "2.0", id, method: "ping" });
  else wire?.post({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: id } });
}

function hasReceipt(message: unknown): boolean {
  return JSON.stringify(message).includes("_signet_bilateral");
}
