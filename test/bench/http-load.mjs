/**
 * The clients of the HTTP bench, as a process of their own. Takes orders by IPC: `{ port, mode, calls }` for as many
 * calls as fast as they go, `{ …, perSecond }` for so many a second whatever the answers take. Answers with the time
 * that all took and the latency of each call, in milliseconds. All calls are signed before the first is sent.
 */
import { createSigner } from "../../dist/receipt/index.js";
import { signedCall } from "../../dist/testing.js";
import { SHAPES, seededRandom } from "./call-arguments.mjs";
import { HttpConnection } from "./http-connection.mjs";

const CONNECTIONS = 16;

const [seed, target] = process.argv.slice(2);
const identity = { signer: createSigner(Buffer.from(seed, "base64")), name: "agent", owner: "bench" };
const random = seededRandom(2);
const pools = new Map();

process.on("message", (order) => {
  run(order).then(
    (measured) => process.send(measured),
    (error) => process.send({ error: String(error) }),
  );
});

async function run({ port, mode, calls, perSecond }) {
  if (!pools.has(port)) {
    pools.set(port, await Promise.all(Array.from({ length: CONNECTIONS }, () => HttpConnection.open(port))));
  }
  const bodies = [];
  for (let id = 1; id <= calls; id++) bodies.push(await signBody(id));
  const isGuarded = mode.startsWith("guarded") || mode === "sodium";
  const isAnswer = isGuarded ? (text) => text.includes("_signet_bilateral") : isResult;
  const exchange = async (connection, body) => {
    const began = performance.now();
    const text = await connection.post(body);
    if (!isAnswer(text)) throw new Error(`no result: ${text.slice(-300)}`);
    return performance.now() - began;
  };
  const send = perSecond === undefined ? sendAtOnce : sendSteadily;
  return send(pools.get(port), bodies, exchange, perSecond);
}

/** Every connection sends its next call when it has the answer to the last. */
async function sendAtOnce(pool, bodies, exchange) {
  const latencies = [];
  let next = 0;
  const began = performance.now();
  await Promise.all(
    pool.map(async (connection) => {
      while (next < bodies.length) latencies.push(await exchange(connection, bodies[next++]));
    }),
  );
  return { ms: performance.now() - began, latencies };
}

/** Calls begin at fixed times. One for which no connection is free waits, and its latency counts the wait. */
async function sendSteadily(pool, bodies, exchange, perSecond) {
  const free = [...pool];
  const waiting = [];
  const latencies = [];
  const began = performance.now();
  await new Promise((resolve, reject) => {
    const start = (connection, { body, dueAt }) => {
      const heldMs = performance.now() - dueAt;
      exchange(connection, body).then((ms) => {
        latencies.push(heldMs + ms);
        if (latencies.length === bodies.length) resolve();
        const call = waiting.shift();
        if (call === undefined) free.push(connection);
        else start(connection, call);
      }, reject);
    };
    let sent = 0;
    const tick = setInterval(() => {
      for (
        const now = performance.now();
        sent < bodies.length && began + (sent * 1000) / perSecond <= now;
        sent++
      ) {
        const call = { body: bodies[sent], dueAt: now };
        const connection = free.pop();
        if (connection === undefined) waiting.push(call);
        else start(connection, call);
      }
      if (sent === bodies.length) clearInterval(tick);
    }, 1);
  });
  return { ms: performance.now() - began, latencies };
}

async function signBody(id) {
  const tool = "create_issue";
  const params = await signedCall({ identity, target, tool, arguments: SHAPES["165 B"](random) });
  return JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params });
}

function isResult(text) {
  return text.includes('"content":');
}
