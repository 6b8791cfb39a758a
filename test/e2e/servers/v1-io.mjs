import { CreateMessageResultSchema, ElicitResultSchema, McpError } from "@modelcontextprotocol/sdk/types.js";

/** What a tool may do, by way of SDK v1. */
export function ioOf(server, extra, state, addTool) {
  const progressToken = extra._meta?.progressToken;
  return {
    signal: extra.signal,
    async progress(progress, total) {
      if (progressToken === undefined) return;
      const params = { progressToken, progress, total };
      await extra.sendNotification({ method: "notifications/progress", params });
    },
    log: (data) =>
      extra.sendNotification({ method: "notifications/message", params: { level: "info", data } }),
    elicit: (params) => extra.sendRequest({ method: "elicitation/create", params }, ElicitResultSchema),
    sample: (params) =>
      extra.sendRequest({ method: "sampling/createMessage", params }, CreateMessageResultSchema),
    announce: (data) => server.sendLoggingMessage({ level: "info", data }),
    protocolError: (code, message, data) => new McpError(code, message, data),
    async addTool(name) {
      state.added.push(name);
      await addTool(name);
    },
  };
}
