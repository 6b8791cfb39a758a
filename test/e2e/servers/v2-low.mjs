import { ProtocolError, ProtocolErrorCode, Server } from "@modelcontextprotocol/server";
import { CAPABILITIES, INFO } from "./info.mjs";
import { PROMPT, RESOURCE, page, toolsFor } from "./tools.mjs";
import { ioOf } from "./v2-io.mjs";

/** The low-level `Server` of SDK v2. */
export function createServer(state) {
  const server = new Server(INFO, { capabilities: CAPABILITIES });
  server.setRequestHandler("tools/list", ({ params }) => page(toolsFor("v2", state), params?.cursor));
  server.setRequestHandler("tools/call", async ({ params }, context) => {
    const tool = toolsFor("v2", state).find(({ name }) => name === params.name);
    if (tool === undefined)
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `no tool ${params.name}`);
    const io = ioOf(server, context, state, () => server.sendToolListChanged());
    return tool.run(params.arguments ?? {}, io, state);
  });
  server.setRequestHandler("resources/list", () => ({
    resources: [{ uri: RESOURCE.uri, name: RESOURCE.name }],
  }));
  server.setRequestHandler("resources/read", () => RESOURCE.read());
  server.setRequestHandler("prompts/list", () => ({ prompts: [{ name: PROMPT.name }] }));
  server.setRequestHandler("prompts/get", ({ params }) => PROMPT.get(params.arguments?.code));
  return server;
}
