import { PassThrough } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { StdioServerTransport as StdioV1 } from "@modelcontextprotocol/sdk/server/stdio.js";
import { StdioServerTransport as StdioV2 } from "@modelcontextprotocol/server/stdio";
import { describe, expect, it } from "vitest";
import { isPlainObject } from "../../src/lib/json.js";
import type { JsonRecord } from "../../src/lib/json.js";
import { expectAccepted, expectRefusal } from "./support/expect.js";
import { createServer } from "./support/servers.js";
import { openStand } from "./support/stand.js";
import type { Stand } from "./support/stand.js";
import { callMessage } from "./support/wire.js";

const KINDS = ["v1", "v2"] as const;

/** Lines that are no message, or none that any handler should see. */
const LINES: readonly (readonly [string, Buffer])[] = [
  ["nothing", Buffer.from("\n")],
  ["text", Buffer.from("hello\n")],
  ["half a message", Buffer.from('{"jsonrpc":"2.0","id":1,"method":"tools/ca\n')],
  ["a batch, which stdio has not", Buffer.from(`${JSON.stringify([callMessage({ name: "echo" }, 1)])}\n`)],
  ["bytes that are no UTF-8", Buffer.from([0x7b, 0xff, 0xfe, 0x7d, 0x0a])],
  ["a byte order mark", Buffer.from("\ufeff{}\n")],
  [
    "a call without an id",
    Buffer.from('{"jsonrpc":"2.0","method":"tools/call","params":{"name":"echo","arguments":{}}}\n'),
  ],
  [
    "a call without a version",
    Buffer.from('{"id":1,"method":"tools/call","params":{"name":"echo","arguments":{}}}\n'),
  ],
  [
    "a call with a fraction for an id",
    Buffer.from('{"jsonrpc":"2.0","id":1.5,"method":"tools/call","params":{"name":"echo","arguments":{}}}\n'),
  ],
  [
    "a key twice",
    Buffer.from(
      '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":{"name":"echo","arguments":{}}}\n',
    ),
  ],
  ["6,000 levels", Buffer.from(`${"[".repeat(6000)}${"]".repeat(6000)}\n`)],
];

describe.each(KINDS)("raw bytes over stdio, SDK %s", (kind) => {
  it.each(LINES)("lives on after %s, and runs nothing", async (_, line) => {
    const { stand, input, ask } = await open(kind);
    input.write(line);
    for (let turn = 0; turn < 10; turn++) await nextTurn();
    expect(stand.seen).toEqual([]);
    const genuine = await stand.sign();
    expectAccepted(await ask(callMessage(genuine, 50)), genuine);
  });

  it("takes a message that comes a byte at a time, and two that come at once", async () => {
    const { stand, input, answer } = await open(kind);
    const [first, second, third] = [await stand.sign(), await stand.sign(), await stand.sign()];
    for (const byte of Buffer.from(`${JSON.stringify(callMessage(first, 1))}\n`))
      input.write(Buffer.of(byte));
    expectAccepted(await answer(1), first);
    input.write(`${JSON.stringify(callMessage(second, 2))}\n${JSON.stringify(callMessage(third, 3))}\n`);
    expectAccepted(await answer(2), second);
    expectAccepted(await answer(3), third);
  });

  it("refuses twins that come in one chunk", async () => {
    const { stand, input, answer } = await open(kind);
    const genuine = await stand.sign();
    const twins = [callMessage({ name: "echo", arguments: {} }, 1), callMessage(genuine, 1)];
    input.write(twins.map((twin) => `${JSON.stringify(twin)}\n`).join(""));
    expectRefusal(await answer(1), "duplicate_request");
    for (let turn = 0; turn < 10; turn++) await nextTurn();
    expect(stand.seen).toEqual([]);
  });
});

interface Opened {
  readonly stand: Stand;
  readonly input: PassThrough;
  ask(message: JsonRecord): Promise<JsonRecord>;
  answer(id: unknown): Promise<JsonRecord>;
}

async function open(kind: "v1" | "v2"): Promise<Opened> {
  const stand = await openStand();
  const [input, output] = [new PassThrough(), new PassThrough()];
  const server = stand.guard.protect(
    createServer(`${kind} Server`, {
      echo: (args) => {
        (stand.seen as JsonRecord[]).push(args);
        return { content: [{ type: "text", text: JSON.stringify(args) }] };
      },
    }),
  );
  const Transport = kind === "v1" ? StdioV1 : StdioV2;
  await server.connect(new Transport(input, output) as never);
  let text = "";
  output.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
  const answer = async (id: unknown): Promise<JsonRecord> => {
    for (let turn = 0; turn < 10_000; turn++) {
      const messages = text
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line) as unknown);
      const found = messages.find((message) => isPlainObject(message) && message["id"] === id);
      if (isPlainObject(found)) return found;
      await nextTurn();
    }
    throw new Error(`no answer to ${JSON.stringify(id)}`);
  };
  const ask = (message: JsonRecord): Promise<JsonRecord> => {
    input.write(`${JSON.stringify(message)}\n`);
    return answer(message["id"]);
  };
  const clientInfo = { name: "raw", version: "1.0.0" };
  const params = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo };
  await ask({ jsonrpc: "2.0", id: "initialize", method: "initialize", params });
  return { stand, input, ask, answer };
}
