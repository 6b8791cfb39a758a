import { McpServer } from "@modelcontextprotocol/server";
import * as z from "zod";
import { CAPABILITIES, INFO } from "./info.mjs";
import { PROMPT, RESOURCE, addedTool, toolsFor } from "./tools.mjs";
import { ioOf } from "./v2-io.mjs";

/** The high-level `McpServer` of SDK v2. */
export function createServer(state) {
  const server = new McpServer(INFO, { capabilities: CAPABILITIES });
  const register = (tool) => {
    const run = (args, context) => {
      const io = ioOf(server.server, context, state, (name) => register(addedTool(name)));
      return tool.run(args, io, state);
    };
    const config = { inputSchema: tool.input, outputSchema: tool.output };
    server.registerTool(tool.name, config, tool.input === undefined ? (context) => run({}, context) : run);
  };
  for (const tool of toolsFor("v2", state)) register(tool);
  server.registerResource(RESOURCE.name, RESOURCE.uri, {}, () => RESOURCE.read());
  server.registerPrompt(PROMPT.name, { argsSchema: z.object({ code: z.string() }) }, ({ code }) =>
    PROMPT.get(code),
  );
  return server;
}
