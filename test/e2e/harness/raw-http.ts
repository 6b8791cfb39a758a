import type { Deployment } from "./deployment.js";
import { asRecord, observe } from "./observe.js";
import type { Observation } from "./observe.js";

/** Posts calls as one JSON-RPC batch, as no SDK client does, and returns the answers in the order of the calls. */
export async function postBatch(
  { endpoint, security }: Deployment,
  calls: readonly { name: string; arguments: Record<string, unknown> }[],
): Promise<Observation[]> {
  if (endpoint.kind !== "http") throw new Error("a batch is posted over HTTP");
  const session = await openSession(endpoint.url);
  const requests = await Promise.all(
    calls.map(async (call, n) => {
      const params = await security.signParams("alice", call);
      return { jsonrpc: "2.0", id: 100 + n, method: "tools/call", params };
    }),
  );
  const answers = await post(endpoint.url, session, requests);
  return Promise.all(
    requests.map(({ id }) => {
      const answer = answers.map(asRecord).find((one) => one["id"] === id);
      const result = answer?.["result"];
      if (typeof result === "object" && result !== null) return observe(Promise.resolve(result));
      throw new Error(`no result: ${JSON.stringify(answer)}`);
    }),
  );
}

async function openSession(url: URL): Promise<Record<string, string>> {
  const clientInfo = { name: "raw", version: "1.0.0" };
  const params = { protocolVersion: "2025-03-26", capabilities: {}, clientInfo };
  const response = await send(url, {}, { jsonrpc: "2.0", id: 1, method: "initialize", params });
  await response.text();
  const id = response.headers.get("mcp-session-id");
  const session: Record<string, string> = id === null ? {} : { "mcp-session-id": id };
  await (await send(url, session, { jsonrpc: "2.0", method: "notifications/initialized" })).text();
  return session;
}

async function post(url: URL, session: Record<string, string>, body: unknown): Promise<unknown[]> {
  const response = await send(url, session, body);
  const text = await response.text();
  if (response.headers.get("content-type")?.startsWith("text/event-stream") === true) {
    const events = text.split("\n").filter((line) => line.startsWith("data: {"));
    return events.map((line) => JSON.parse(line.slice("data: ".length)));
  }
  const answer: unknown = JSON.parse(text);
  return Array.isArray(answer) ? answer : [answer];
}

function send(url: URL, headers: Record<string, string>, body: unknown): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...headers,
    },
    body: JSON.stringify(body),
  });
}
