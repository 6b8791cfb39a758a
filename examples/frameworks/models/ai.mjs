import { MockLanguageModelV4, simulateReadableStream } from "ai/test";

const USAGE = {
  inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 1, text: 1, reasoning: 0 },
};

/** A call that the model makes. */
export function toolCall(toolCallId, toolName, input) {
  return { type: "tool-call", toolCallId, toolName, input: JSON.stringify(input) };
}

/**
 * A model of the AI SDK that follows a script.
 *
 * @param steps - What it answers: a list of tool calls, or text.
 */
export function scriptedModel(steps) {
  let next = 0;
  const step = () => {
    const answer = steps[next++];
    const isText = typeof answer === "string";
    return {
      content: isText ? [{ type: "text", text: answer }] : answer,
      finishReason: isText ? { unified: "stop", raw: "stop" } : { unified: "tool-calls", raw: "tool_calls" },
    };
  };
  return new MockLanguageModelV4({
    doGenerate: async () => ({ ...step(), usage: USAGE, warnings: [] }),
    doStream: async () => {
      const { content, finishReason } = step();
      const parts = content.flatMap((part) =>
        part.type === "text"
          ? [
              { type: "text-start", id: "t" },
              { type: "text-delta", id: "t", delta: part.text },
              { type: "text-end", id: "t" },
            ]
          : [part],
      );
      const chunks = [
        { type: "stream-start", warnings: [] },
        ...parts,
        { type: "finish", finishReason, usage: USAGE },
      ];
      return { stream: simulateReadableStream({ chunks, initialDelayInMs: null, chunkDelayInMs: null }) };
    },
  });
}
