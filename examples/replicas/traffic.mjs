// The two sides of the example: a client that signs its calls, and somebody who recorded them and sends them again.
import { Agent, request } from "node:http";
import { json } from "node:stream/consumers";

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { SigningTransport } from "signet-mcp/client";

const AT_ONCE = 32;

/** Copies that go into one body, which JSON-RPC allows. */
const BATCH = 8;

/** A store that gives no answer in time, as where the machine has too much to do, refuses; the next try may pass. */
const TRY_AGAIN = "replay_unavailable";

/**
 * Makes signed calls, and checks each answer's countersignature. A call that is refused for want of an answer of the store is
 * signed afresh.
 *
 * @returns how many were sent, how many signed afresh, and the requests of those that were accepted, as they were sent.
 */
export async function callTool(url, { agentKey, target, registry }, calls) {
  const captured = [];
  const onReceipt = ({ request: sent, verified }) => {
    // Ids are each client's own, and no part of what is signed.
    if (verified) captured.push({ ...sent, id: captured.length });
  };
  const connect = async () => {
    const client = new Client({ name: "demo", version: "1.0.0" });
    const http = new StreamableHTTPClientTransport(new URL("/mcp", url));
    const options = { identity: agentKey, target, servers: registry, onReceipt };
    await client.connect(new SigningTransport(http, options));
    return client;
  };
  let afresh = 0;
  const indices = Array.from({ length: calls }).keys();
  const callOn = async () => {
    const client = await connect();
    for (const index of indices) {
      const call = { name: "github_create_issue", arguments: { title: `issue ${index}` } };
      while (!(await client.callTool(call).then(() => true, isToBeTriedAgain))) afresh += 1;
    }
    await client.close();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, callOn));
  return { afresh, captured };
}

function isToBeTriedAgain(error) {
  if (error.data?.answered?.reason === TRY_AGAIN) return false;
  throw error;
}

/** Sends each of these requests once more to each server. @returns how many were answered by which code. */
export async function sendAgain(urls, captured) {
  const answers = {};
  const agent = new Agent({ keepAlive: true });
  const send = async (url, messages) => {
    const bodies = await post(new URL("/mcp", url), agent, messages);
    const codes = new Map(bodies.map(({ id, error }) => [id, error?.data?.reason ?? "accepted"]));
    for (const { id } of messages) answers[codes.get(id)] = (answers[codes.get(id)] ?? 0) + 1;
    const rest = messages.filter(({ id }) => codes.get(id) === TRY_AGAIN);
    if (rest.length > 0) await send(url, rest);
  };
  const batches = captured.flatMap((_, at) => (at % BATCH === 0 ? [captured.slice(at, at + BATCH)] : []));
  await severalAtOnce(AT_ONCE / BATCH, batches.values(), async (messages) => {
    await Promise.all(urls.map((url) => send(url, messages)));
  });
  agent.destroy();
  return answers;
}

/** Posts messages as anybody on the network can. @returns the answers. */
async function post(url, agent, messages) {
  const response = await new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
    request(url, { agent, method: "POST", headers }, resolve)
      .on("error", reject)
      .end(JSON.stringify(messages));
  });
  return await json(response);
}

/** Does the work for each of what an iterator gives, for a few of them at once. */
async function severalAtOnce(number, items, work) {
  const workOn = async () => {
    for (const item of items) await work(item);
  };
  await Promise.all(Array.from({ length: number }, workOn));
}
