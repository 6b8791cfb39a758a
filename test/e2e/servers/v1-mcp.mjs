import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import * as z from "zod";
import { CAPABILITIES, INFO } from "./info.mjs";
import { PROMPT, RESOURCE, addedTool, toolsFor } from "./tools.mjs";
import { ioOf } from "./v1-io.mjs";

/** The high-level `McpServer` of SDK v1. */
export function createServer(state) {
  const tasks = { list: {}, cancel: {}, requests: { tools: { call: {} } } };
  const server = new McpServer(INFO, {
    capabilities: { ...CAPABILITIES, tasks },
    taskStore: state.taskStore,
    taskMessageQueue: state.taskMessageQueue,
  });
  const register = (tool) => {
    const run = (args, extra) => {
      const io = ioOf(server.server, extra, state, (name) => register(addedTool(name)));
      return tool.run(args, io, state);
    };
    const config = { inputSchema: tool.input, outputSchema: tool.output };
    server.registerTool(tool.name, config, tool.input === undefined ? (extra) => run({}, extra) : run);
  };
  for (const tool of toolsFor("v1", state)) register(tool);
  registerLongTask(server);
  server.registerResource(RESOURCE.name, RESOURCE.uri, {}, () => RESOURCE.read());
  server.registerPrompt(PROMPT.name, { argsSchema: { code: z.string() } }, ({ code }) => PROMPT.get(code));
  return server;
}

function registerLongTask(server) {
  const config = {
    inputSchema: { forever: z.boolean().default(false) },
    execution: { taskSupport: "optional" },
  };
  server.experimental.tasks.registerToolTask("long", config, {
    async createTask(args, { taskStore, taskRequestedTtl }) {
      const task = await taskStore.createTask({ ttl: taskRequestedTtl, pollInterval: 20 });
      if (!args.forever) {
        const content = [{ type: "text", text: `long ${JSON.stringify(args)}` }];
        await taskStore.storeTaskResult(task.taskId, "completed", { content });
      }
      return { task };
    },
    getTask: (_args, { taskId, taskStore }) => taskStore.getTask(taskId),
    getTaskResult: (_args, { taskId, taskStore }) => taskStore.getTaskResult(taskId),
  });
}
