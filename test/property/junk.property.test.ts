import { setImmediate as nextTurn } from "node:timers/promises";
import { InMemoryTransport } from "@modelcontextprotocol/sdk/inMemory.js";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonRecord } from "../../src/lib/json.js";
import { isRefusalCode } from "../../src/server.js";
import { expectAcceptedCall } from "../attack/support/expect.js";
import { copyOf } from "../attack/support/forge.js";
import { createServer } from "../attack/support/servers.js";
import type { ServerKind } from "../attack/support/servers.js";
import { openStand } from "../attack/support/stand.js";
import type { Stand } from "../attack/support/stand.js";
import { at, callMessage } from "../attack/support/wire.js";
import type { Wire } from "../attack/support/wire.js";
import { changed, paths } from "../support/json-paths.js";

const KINDS: readonly ServerKind[] = ["v1 Server", "v2 Server"];
const RUNS = { numRuns: 150 };
const ID = "junk";

/** Anything that JSON can say, with the texts that mean something here more often than chance has them. */
function junk(): fc.Arbitrary<unknown> {
  const words = [
    "_signet",
    "_meta",
    "echo",
    "tools/call",
    "__proto__",
    "",
    "ed25519:",
    "sha256:",
    "rec_",
    "\ud800",
  ];
  return fc.oneof(
    fc.jsonValue({ maxDepth: 5, stringUnit: "binary" }),
    fc.constantFrom<unknown>(...words, null, true, 0, -1, 4, 2 ** 53, 1e308, [], {}, [[]]),
    fc.dictionary(fc.constantFrom(...words, "v", "action", "signer", "sig"), fc.jsonValue(), {
      noNullPrototype: true,
    }),
  );
}

describe.each(KINDS)("junk on the wire to a %s", (kind) => {
  it("as params or _meta is refused and runs nothing", async () => {
    await withStand(kind, async (stand, wire) => {
      await fc.assert(
        fc.asyncProperty(junk(), fc.boolean(), async (value, asMeta) => {
          await expectRefused(wire, asMeta ? { name: "echo", arguments: {}, _meta: value } : value);
        }),
        RUNS,
      );
      expect(stand.store.claims).toBe(0);
    });
  });

  it("in the place of any member of a signed call is refused and runs nothing", async () => {
    await withStand(kind, async (stand, wire) => {
      const genuine = copyOf(
        await stand.sign({ arguments: { a: [1, { b: "c" }] }, expMs: stand.clock() + 1000 }),
      );
      const places = paths(genuine, "values", new Set()).filter((path) => path.length > 0);
      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...places), junk(), async (path, value) => {
          const attack = changed(genuine, path, () => value);
          fc.pre(JSON.stringify(attack) !== JSON.stringify(genuine));
          await expectRefused(wire, attack);
        }),
        RUNS,
      );
      expect(stand.store.claims).toBe(0);
      await expectAcceptedCall(stand, wire, genuine);
    });
  });

  it("as a whole message runs nothing, and the connection lives on", async () => {
    await withStand(kind, async (stand, wire) => {
      const message = fc.record(
        {
          jsonrpc: fc.oneof(fc.constant("2.0"), junk()),
          id: fc.oneof(fc.constantFrom(1, "1", 0, 1.5, null), junk()),
          method: fc.oneof(
            fc.constantFrom("tools/call", "ping", "tasks/get", "notifications/cancelled"),
            junk(),
          ),
          params: junk(),
          result: junk(),
          error: junk(),
        },
        { requiredKeys: [], noNullPrototype: true },
      );
      await fc.assert(
        fc.asyncProperty(fc.array(fc.oneof(message, junk()), { maxLength: 5 }), async (messages) => {
          wire.postBatch(messages.map((one) => JSON.stringify(one)));
          await nextTurn();
          expect(stand.runs()).toBe(0);
        }),
        RUNS,
      );
      expect(stand.store.claims).toBe(0);
      expect(stand.guard.health().callsInFlight).toBe(0);
    });
  });
});

describe("junk passed by reference", () => {
  it("runs nothing, throws nothing, and the connection lives on", async () => {
    const stand = await openStand();
    let runs = 0;
    const server = createServer("v1 Server", {
      echo: () => {
        runs += 1;
        return { content: [] };
      },
    });
    const [near, far] = InMemoryTransport.createLinkedPair();
    const received: unknown[] = [];
    near.onmessage = (message) => void received.push(message);
    await stand.guard.protect(server).connect(far as never);
    await near.start();
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withObjectString: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true,
    });
    const call = fc.record({ params: anything, id: anything }, { requiredKeys: [] });
    const message = fc.oneof(
      anything,
      call.map((members) => ({ jsonrpc: "2.0", id: 1, method: "tools/call", ...members })),
      anything.map((_meta) => callMessage({ name: "echo", arguments: {}, _meta }, 1)),
    );
    await fc.assert(
      fc.asyncProperty(message, async (one) => {
        await near.send(one as never);
        await nextTurn();
        expect(runs).toBe(0);
      }),
      { numRuns: 300 },
    );
    expect(stand.store.claims).toBe(0);
    await near.send(callMessage(await stand.sign(), "genuine") as never);
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    expect(runs).toBe(1);
    expect(received.at(-1)).toMatchObject({ id: "genuine", result: {} });
  });
});

describe("junk for a gateway", () => {
  it("gets a verdict, and never throws", async () => {
    const stand = await openStand();
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(junk(), fc.anything()),
        fc.constantFrom("tools/call", "tasks/get", "x"),
        async (params, method) => {
          const verdict = await stand.guard.verify(params, { method });
          expect(verdict).toMatchObject({ ok: false });
          expect(verdict.ok || isRefusalCode(verdict.code)).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});

async function withStand(
  kind: ServerKind,
  attack: (stand: Stand, wire: Wire) => Promise<void>,
): Promise<void> {
  const stand = await openStand({ server: kind });
  const wire = await stand.connect();
  await attack(stand, wire);
  const runs = stand.runs();
  for (const event of stand.events) {
    if (event.type !== "refused") continue;
    expect(event.detail.length).toBeLessThan(300);
    expect(event.detail).not.toMatch(/ed25519:\w|\n/);
  }
  await expectAcceptedCall(stand, wire, await stand.sign(), "after the junk");
  expect(stand.runs()).toBe(runs + 1);
}

async function expectRefused(wire: Wire, params: unknown): Promise<void> {
  wire.transport.sent.length = 0;
  wire.post(JSON.stringify(callMessage(params, ID) satisfies JsonRecord));
  expect(at(await wire.answer(ID), "error", "data", "reason")).toSatisfy(isRefusalCode);
}
