import { InMemoryTransport as MemoryV1 } from "@modelcontextprotocol/sdk/inMemory.js";
import { InMemoryTransport as MemoryV2 } from "@modelcontextprotocol/server";
import { runInNewContext } from "node:vm";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { JsonRecord } from "../../src/lib/json.js";
import type { SignedCallParams } from "../../src/testing.js";
import { expectRefusal } from "./support/expect.js";
import { createServer } from "./support/servers.js";
import { openStand } from "./support/stand.js";
import type { Stand } from "./support/stand.js";
import { at, callMessage } from "./support/wire.js";

const KINDS = ["v1", "v2"] as const;
const UNSIGNED = { name: "echo", arguments: { text: "evil" } };

class Message {
  readonly jsonrpc = "2.0";
  readonly id = 1;
  readonly method = "tools/call";
  readonly params: unknown = UNSIGNED;
}

/** Messages that are no plain objects of this realm: what a wire cannot carry, and memory can. */
const EXOTIC: readonly (readonly [string, () => unknown])[] = [
  ["an instance of a class", () => new Message()],
  ["an object that inherits its members", () => Object.create(callMessage(UNSIGNED, 1)) as unknown],
  [
    "an object without a prototype",
    () => Object.assign(Object.create(null) as object, callMessage(UNSIGNED, 1)),
  ],
  [
    "an object of another realm",
    () => runInNewContext(`(${JSON.stringify(callMessage(UNSIGNED, 1))})`) as unknown,
  ],
  ["a proxy", () => new Proxy(callMessage(UNSIGNED, 1), {})],
  [
    "an object that says something else when it is written out",
    () => ({ ...callMessage(UNSIGNED, 1), toJSON: () => ({ jsonrpc: "2.0", id: 1, method: "ping" }) }),
  ],
  [
    "an object whose method changes from look to look",
    () => {
      let looks = 0;
      return {
        jsonrpc: "2.0",
        id: 1,
        params: UNSIGNED,
        get method() {
          return looks++ % 2 === 0 ? "ping" : "tools/call";
        },
      };
    },
  ],
  [
    "a method in an object of text",
    () => ({ ...callMessage(UNSIGNED, 1), method: Object("tools/call") as unknown }),
  ],
  ["an id in an object of a number", () => ({ ...callMessage(UNSIGNED, 1), id: Object(1) as unknown })],
  ["members that are not enumerable", () => hidden(callMessage(UNSIGNED, 1))],
  ["a cycle", () => cyclic(callMessage({ ...UNSIGNED }, 1))],
  ["a bigint", () => callMessage({ ...UNSIGNED, arguments: { n: 1n } }, 1)],
  ["an object that throws when it is looked at", () => new Proxy({}, { getPrototypeOf: () => raise() })],
  ["an array with members of a message", () => Object.assign([], callMessage(UNSIGNED, 1))],
  ["a function with members of a message", () => Object.assign(() => undefined, callMessage(UNSIGNED, 1))],
];

describe.each(KINDS)("messages that no wire could carry, SDK %s in memory", (kind) => {
  it.each(EXOTIC)("does not run an unsigned call that comes as %s", async (_, make) => {
    const { stand, send, runs } = await open(kind);
    await send(make());
    expect(runs()).toBe(0);
    expect(stand.guard.health().callsInFlight).toBe(0);
    expect(stand.guard.health().counts.unsignedAllowed).toBe(0);
    const genuine = await stand.sign();
    expect(await send(callMessage(genuine, 2))).toMatchObject({ result: {} });
    expect(runs()).toBe(1);
  });

  it.each([
    ["a cycle", cyclic(callMessage({ ...UNSIGNED }, 1))],
    ["a bigint", callMessage({ ...UNSIGNED, arguments: { n: 1n } }, 1)],
    ["a bigint for a method without a receipt", { jsonrpc: "2.0", id: 1, method: "ping", params: { n: 1n } }],
  ])("answers a request that has no JSON form for %s", async (_, message) => {
    const { stand, send } = await open(kind);
    expectRefusal((await send(message)) as JsonRecord, "malformed");
    expect(stand.guard.health().callsInFlight).toBe(0);
  });

  it.each<[string, object]>([
    ["has another member", { extra: 1 }],
    ["is of another version", { jsonrpc: "1.0" }],
  ])("refuses a signed call that %s, which the SDK would drop without an answer", async (_, change) => {
    const { stand, send, runs } = await open(kind);
    const genuine = await stand.sign();
    expectRefusal((await send({ ...callMessage(genuine, 1), ...change })) as JsonRecord, "malformed");
    expect(stand.store.claims).toBe(0);
    expect(stand.guard.health().callsInFlight).toBe(0);
    expect(await send(callMessage(genuine, 2))).toMatchObject({ result: {} });
    expect(runs()).toBe(1);
  });

  it.each<[string, (genuine: SignedCallParams) => unknown]>([
    ["an instance of a class", (genuine) => Object.assign(new Message(), { params: genuine, id: 2 })],
    [
      "an object of another realm",
      (genuine) => runInNewContext(`(${JSON.stringify(callMessage(genuine, 2))})`),
    ],
    [
      "an object without a prototype",
      (genuine) => Object.assign(Object.create(null), callMessage(genuine, 2)),
    ],
    [
      "an object with members that JSON leaves out",
      (genuine) => callMessage({ ...genuine, arguments: { ...genuine.arguments, gone: undefined } }, 2),
    ],
  ])("runs a signed call that comes as %s, as its JSON has it", async (_, make) => {
    const { stand, send, runs } = await open(kind);
    const genuine = await stand.sign();
    const answer = await send(make(genuine));
    expect(at(answer, "result", "_meta", "_signet_bilateral", "agent_receipt")).toEqual(
      genuine._meta._signet,
    );
    expect(runs()).toBe(1);
  });
});

interface Opened {
  readonly stand: Stand;
  /** Sends a message by reference, and gives what came back for id 1 or 2. */
  send(message: unknown): Promise<unknown>;
  runs(): number;
}

async function open(kind: "v1" | "v2"): Promise<Opened> {
  const stand = await openStand();
  let runs = 0;
  const server = createServer(`${kind} Server`, {
    echo: () => {
      runs += 1;
      return { content: [] };
    },
  });
  const [near, far] = kind === "v1" ? MemoryV1.createLinkedPair() : MemoryV2.createLinkedPair();
  const received: unknown[] = [];
  near.onmessage = (message: unknown) => void received.push(message);
  await stand.guard.protect(server).connect(far as never);
  await near.start();
  const send = async (message: unknown): Promise<unknown> => {
    await near.send(message as never);
    for (let turn = 0; turn < 10; turn++) await nextTurn();
    return received.at(-1);
  };
  return { stand, send, runs: () => runs };
}

function raise(): never {
  throw new Error("do not look");
}

function hidden(message: object): object {
  return Object.defineProperties(
    {},
    Object.fromEntries(Object.entries(message).map(([name, value]) => [name, { value: value as unknown }])),
  );
}

function cyclic(message: object): object {
  return Object.assign(message, { itself: message });
}
