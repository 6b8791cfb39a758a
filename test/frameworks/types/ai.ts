import { generateText, tool } from "ai";
import type { InferToolInput, InferToolOutput, LanguageModel, ToolSet } from "ai";
import type { SigningAgent } from "signet-mcp";
import { signTools } from "signet-mcp/ai";
import { z } from "zod";
import type { Same } from "./same.js";

export async function check(agent: SigningAgent, model: LanguageModel): Promise<void> {
  const tools = {
    weather: tool({
      description: "Tells the weather",
      inputSchema: z.object({ city: z.string() }),
      execute: async ({ city }) => ({ city, degrees: 7 }),
    }),
    ask: tool({ inputSchema: z.object({ question: z.string() }) }),
  };
  const signed = signTools(tools, { agent, target: (name) => `mcp://${name}`, streaming: [] });
  true satisfies Same<typeof signed, typeof tools>;
  true satisfies Same<InferToolInput<typeof signed.weather>, { city: string }>;
  true satisfies Same<InferToolOutput<typeof signed.weather>, { city: string; degrees: number }>;
  const set: ToolSet = signed;
  signTools(set, { agent, target: "mcp://x" }) satisfies ToolSet;

  const { staticToolCalls, staticToolResults } = await generateText({ model, prompt: "", tools: signed });
  for (const call of staticToolCalls) {
    if (call.toolName === "weather") true satisfies Same<typeof call.input, { city: string }>;
    // @ts-expect-error There is no such tool.
    if (call.toolName === "forecast") throw new Error();
  }
  for (const { output } of staticToolResults) output.degrees.toFixed();

  // @ts-expect-error Text is no tool.
  signTools({ weather: "weather" }, { agent, target: "mcp://x" });
  // @ts-expect-error Nobody says what for.
  signTools(tools, { agent });
  signTools(tools, { agent, target: "mcp://x", onReceipt: ({ receipt }) => receipt.action.tool });
}
