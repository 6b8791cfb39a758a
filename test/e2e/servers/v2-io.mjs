import { ProtocolError, inputRequired } from "@modelcontextprotocol/server";

/** What a tool may do, by way of SDK v2. */
export function ioOf(server, { mcpReq }, state, addTool) {
  const progressToken = mcpReq._meta?.progressToken;
  return {
    signal: mcpReq.signal,
    async progress(progress, total) {
      if (progressToken === undefined) return;
      await mcpReq.notify({ method: "notifications/progress", params: { progressToken, progress, total } });
    },
    log: (data) => mcpReq.log("info", data),
    elicit: (params) => mcpReq.elicitInput(params),
    sample: (params) => mcpReq.requestSampling(params),
    announce: (data) => server.sendLoggingMessage({ level: "info", data }),
    protocolError: (code, message, data) => new ProtocolError(code, message, data),
    askInRounds: () => nextRound(mcpReq),
    async addTool(name) {
      state.added.push(name);
      await addTool(name);
      state.toolsChanged?.();
    },
  };
}

/** Two rounds of questions, the second of which depends on the state that the first left with the client. */
function nextRound({ inputResponses, requestState }) {
  const round = requestState();
  if (round === undefined) {
    const branch = inputRequired.elicit({
      message: "Which branch?",
      requestedSchema: { type: "object", properties: { branch: { type: "string" } }, required: ["branch"] },
    });
    return inputRequired({ inputRequests: { branch }, requestState: "round-2" });
  }
  if (round === "round-2") {
    const words = inputRequired.createMessage({
      messages: [{ role: "user", content: { type: "text", text: "Say hello" } }],
      maxTokens: 10,
    });
    const branch = inputResponses.branch.content.branch;
    return inputRequired({ inputRequests: { words }, requestState: `round-3 ${branch}` });
  }
  return { content: [{ type: "text", text: `${round} ${JSON.stringify(inputResponses.words.content)}` }] };
}
