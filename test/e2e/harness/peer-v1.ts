import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  CallToolResultSchema,
  CreateMessageRequestSchema,
  CreateTaskResultSchema,
  ElicitRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import type { Endpoint } from "./endpoint.js";
import { createNoteLog } from "./notes.js";
import { observe } from "./observe.js";
import type { Observation } from "./observe.js";
import { traceIncoming } from "./trace.js";
import { CLIENT_CAPABILITIES, ELICITED, SAMPLED } from "./peer.js";
import type { Peer, Tasks } from "./peer.js";

/** Connects a client of SDK v1. */
export async function connectV1(
  endpoint: Endpoint,
  sign: (transport: Transport) => Transport,
): Promise<Peer> {
  const tasks = { list: {}, cancel: {} };
  const client = new Client(
    { name: "matrix-client", version: "1.0.0" },
    { capabilities: { ...CLIENT_CAPABILITIES, tasks } },
  );
  const notes = createNoteLog();
  client.fallbackNotificationHandler = ({ method, params }) => Promise.resolve(notes.add({ method, params }));
  client.setRequestHandler(ElicitRequestSchema, () => ELICITED);
  client.setRequestHandler(CreateMessageRequestSchema, () => SAMPLED);
  const transport = sign(await transportTo(endpoint));
  await client.connect(transport);
  const trace = traceIncoming(transport);
  return {
    notes,
    trace,
    call: (name, args, { meta, ...options } = {}) => {
      const params = {
        name,
        ...(args === undefined ? {} : { arguments: args }),
        ...(meta === undefined ? {} : { _meta: meta }),
      };
      return observe(client.callTool(params, undefined, options));
    },
    async tools(cursor) {
      const { tools, nextCursor } = await client.listTools(cursor === undefined ? undefined : { cursor });
      return { names: tools.map(({ name }) => name), nextCursor };
    },
    everythingElse: async () => [
      await client.ping(),
      await client.listResources(),
      await client.readResource({ uri: "test://note" }),
      await client.listPrompts(),
      await client.getPrompt({ name: "review", arguments: { code: "1 + 1" } }),
      await client.setLoggingLevel("debug"),
    ],
    listen: () => Promise.resolve(),
    tasks: tasksOf(client),
    close: () => client.close(),
  };
}

async function transportTo(endpoint: Endpoint): Promise<Transport> {
  switch (endpoint.kind) {
    case "memory-v1":
      return endpoint.connect();
    case "http":
      return new StreamableHTTPClientTransport(endpoint.url);
    case "stdio":
      return new StdioClientTransport({ command: process.execPath, args: endpoint.args, env: endpoint.env });
    default:
      throw new Error(`a client of SDK v1 cannot connect to ${endpoint.kind}`);
  }
}

function tasksOf(client: Client): Tasks {
  const { tasks } = client.experimental;
  return {
    async run(name, args) {
      const steps: string[] = [];
      let taskId = "";
      const call = { name, arguments: args };
      for await (const message of tasks.callToolStream(call, CallToolResultSchema, {
        task: { ttl: 60_000 },
      })) {
        steps.push(message.type);
        if (message.type === "taskCreated") taskId = message.task.taskId;
        if (message.type === "error") throw message.error;
        if (message.type !== "result") continue;
        // Every task has an id of its own, which the result names.
        const result: object = JSON.parse(
          JSON.stringify(message.result).replace(`"${taskId}"`, '"the task"'),
        );
        return { steps, final: await observe(Promise.resolve(result)) };
      }
      throw new Error("the task ended without a result");
    },
    async startAndCancel(name, args) {
      const request = { method: "tools/call", params: { name, arguments: args } } as const;
      const created = await client.request(request, CreateTaskResultSchema, { task: { ttl: 60_000 } });
      const { taskId } = created.task;
      const working = await tasks.getTask(taskId);
      const listed = (await tasks.listTasks()).tasks.some((task) => task.taskId === taskId);
      const cancelled = await tasks.cancelTask(taskId);
      const after: Observation = await observe(tasks.getTaskResult(taskId, CallToolResultSchema));
      return [created.task.status, working.status, listed, cancelled.status, "error" in after.seen];
    },
  };
}
