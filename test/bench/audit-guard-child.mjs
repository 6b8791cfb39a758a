/**
 * Measures guarded calls with 165 bytes of arguments, on record and not, in turn, and prints JSON. Once through the
 * guard's own `verify` and `countersign`, once through a protected server that reads and writes its messages as over stdio.
 * With one in flight in turn with the least that puts a call on record. Takes a folder on a disk; needs --expose-gc.
 */
import { open } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { CallToolRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { createMemoryReplayStore } from "../../dist/replay/index.js";
import { createGuard } from "../../dist/server.js";
import { signedCall, testIdentity, testRegistry } from "../../dist/testing.js";
import { runCallers } from "./audit-load.mjs";
import { SHAPES, seededRandom } from "./call-arguments.mjs";
import { median } from "./statistics.mjs";

const TARGET = "mcp://bench";
const TOOL = "create_issue";
/** As many bytes as a record of the log has, more or less. */
const BARE_LINE = Buffer.alloc(1100, "a");
const WARM_UP_ROUNDS = 4;
const ROUNDS = 15;
const IN_FLIGHT = [
  { inFlight: 1, calls: 200 },
  { inFlight: 64, calls: 640 },
];

const [folder] = process.argv.slice(2);
const random = seededRandom(1);
const agent = testIdentity("agent");
const identity = testIdentity("server");
const registry = testRegistry({ agents: [agent], servers: [identity] });
const guards = {
  off: await makeGuard({}),
  on: await makeGuard({ audit: join(folder, "audit") }),
};
const bareFile = await open(join(folder, "bare"), "ax");
const ways = {
  guard: {
    off: throughGuard(guards.off),
    on: throughGuard(guards.on),
    bare: throughGuard(guards.off, keepBare),
  },
  server: { off: await throughServer(guards.off), on: await throughServer(guards.on) },
};
const turns = [
  ...Object.keys(ways).flatMap((way) =>
    IN_FLIGHT.flatMap((load) => ["off", "on"].map((audit) => ({ way, audit, ...load }))),
  ),
  // With one call at a time the disk decides.
  { way: "guard", audit: "bare", ...IN_FLIGHT[0] },
];

for (let round = 0; round < WARM_UP_ROUNDS; round++) await measureAll(round);
const rounds = [];
for (let round = 0; round < ROUNDS; round++) rounds.push(await measureAll(round));
await Promise.all([guards.off.close(), guards.on.close(), bareFile.close()]);

const rates = (way, audit, inFlight) => rounds.map((round) => round[`${way} ${audit} ${inFlight}`]);
const compared = Object.keys(ways).flatMap((way) =>
  IN_FLIGHT.map(({ inFlight }) => {
    const off = rates(way, "off", inFlight);
    const on = rates(way, "on", inFlight);
    return { way, inFlight, off: median(off), on: median(on), share: medianRatio(on, off) };
  }),
);
const [off, on, bare] = ["off", "on", "bare"].map((audit) => rates("guard", audit, 1));
const limit = { bare: median(bare), share: medianRatio(bare, off), ofBare: medianRatio(on, bare) };
console.log(JSON.stringify({ compared, limit }));

function medianRatio(rates, others) {
  return median(rates.map((rate, index) => rate / others[index]));
}

function makeGuard(options) {
  return createGuard({
    registry,
    identity: { signer: identity.signer, name: identity.name },
    target: TARGET,
    replay: createMemoryReplayStore({ capacity: 5_000_000, perSignerShare: 5_000_000 }),
    ...options,
  });
}

/** Every way has its turn, beginning with another one each time. @returns calls a second. */
async function measureAll(round) {
  const rates = {};
  for (let turn = 0; turn < turns.length; turn++) {
    const { way, audit, inFlight, calls } = turns[(round + turn) % turns.length];
    const prepared = await prepare(calls);
    globalThis.gc({ type: "minor" });
    const { ms } = await runCallers(
      inFlight,
      (begun) => begun < calls,
      (index) => ways[way][audit](prepared[index]),
    );
    rates[`${way} ${audit} ${inFlight}`] = (calls * 1000) / ms;
  }
  return rates;
}

/** Signs fresh calls. @returns each as it is on a wire, and read from there: nothing is shared between arguments and receipt. */
async function prepare(count) {
  const calls = [];
  for (let made = 0; made < count; made++) {
    const signed = { identity: agent, target: TARGET, tool: TOOL, arguments: SHAPES["165 B"](random) };
    const text = JSON.stringify(await signedCall(signed));
    calls.push({ text, params: JSON.parse(text) });
  }
  return calls;
}

/** @param keep - Puts a call on record before it runs, and before its answer leaves. Default: the guard does it, if at all. */
function throughGuard(guard, keep = async () => undefined) {
  const result = { content: [{ type: "text", text: "created" }] };
  return async ({ params }) => {
    const verdict = await guard.verify(params);
    if (!verdict.ok) throw new Error(verdict.detail);
    await keep();
    await guard.countersign(verdict.call, result);
    await keep();
  };
}

/** Next to nothing can be less than this: a write and an fdatasync before the tool runs, and before the answer leaves. */
async function keepBare() {
  await bareFile.write(BARE_LINE);
  await bareFile.datasync();
}

/** A server of the SDK at the other end of two streams. */
async function throughServer(guard) {
  const server = new Server({ name: "bench", version: "1.0.0" }, { capabilities: { tools: {} } });
  server.setRequestHandler(CallToolRequestSchema, () => ({ content: [{ type: "text", text: "created" }] }));
  const [input, output] = [new PassThrough(), new PassThrough()];
  await guard.protect(server).connect(new StdioServerTransport(input, output));
  const waiting = new Map();
  readLines(output, (line) => {
    // Ids of receipts are texts.
    const id = Number(/"id":([0-9]+)/.exec(line)?.[1]);
    waiting.get(id)(line);
    waiting.delete(id);
  });
  let lastId = 0;
  return async ({ text: call }) => {
    const id = ++lastId;
    const answer = new Promise((resolve) => waiting.set(id, resolve));
    input.write(`{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":${call}}\n`);
    const line = await answer;
    if (!line.includes("_signet_bilateral")) throw new Error(`no countersigned result: ${line}`);
  };
}

function readLines(stream, onLine) {
  let rest = "";
  stream.setEncoding("utf8").on("data", (chunk) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop();
    lines.forEach(onLine);
  });
}
