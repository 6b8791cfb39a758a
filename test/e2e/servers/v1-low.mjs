import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import * as types from "@modelcontextprotocol/sdk/types.js";
import { PROMPT, RESOURCE, page, toolsFor } from "./tools.mjs";
import { ioOf } from "./v1-io.mjs";
import { CAPABILITIES, INFO } from "./info.mjs";

/** The low-level `Server` of SDK v1. */
export function createServer(state) {
  const tasks = { list: {}, cancel: {}, requests: { tools: { call: {} } } };
  const server = new Server(INFO, {
    capabilities: { ...CAPABILITIES, tasks },
    taskStore: state.taskStore,
    taskMessageQueue: state.taskMessageQueue,
  });
  server.setRequestHandler(types.ListToolsRequestSchema, ({ params }) =>
    page([...toolsFor("v1", state), { name: "long" }], params?.cursor),
  );
  server.setRequestHandler(types.CallToolRequestSchema, async ({ params }, extra) => {
    if (params.name === "long") return startLongTask(params, extra);
    const tool = toolsFor("v1", state).find(({ name }) => name === params.name);
    if (tool === undefined) throw new types.McpError(types.ErrorCode.InvalidParams, `no tool ${params.name}`);
    const io = ioOf(server, extra, state, () => server.sendToolListChanged());
    return tool.run(params.arguments ?? {}, io, state);
  });
  server.setRequestHandler(types.ListResourcesRequestSchema, () => ({
    resources: [{ uri: RESOURCE.uri, name: RESOURCE.name }],
  }));
  server.setRequestHandler(types.ReadResourceRequestSchema, () => RESOURCE.read());
  server.setRequestHandler(types.ListPromptsRequestSchema, () => ({ prompts: [{ name: PROMPT.name }] }));
  server.setRequestHandler(types.GetPromptRequestSchema, ({ params }) => PROMPT.get(params.arguments?.code));
  return server;
}

async function startLongTask(params, extra) {
  if (params.task === undefined) return { content: [{ type: "text", text: "not long at all" }] };
  const task = await extra.taskStore.createTask({ ttl: extra.taskRequestedTtl, pollInterval: 20 });
  if (params.arguments?.forever !== true) {
    const content = [{ type: "text", text: `long ${JSON.stringify(params.arguments)}` }];
    await extra.taskStore.storeTaskResult(task.taskId, "completed", { content });
  }
  return { task };
}
