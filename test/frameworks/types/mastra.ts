import { Agent } from "@mastra/core/agent";
import type { MastraModelConfig } from "@mastra/core/llm";
import { createTool } from "@mastra/core/tools";
import type { SigningAgent } from "signet-mcp";
import { signTools } from "signet-mcp/mastra";
import { z } from "zod";
import type { Same } from "./same.js";

export async function check(agent: SigningAgent, model: MastraModelConfig): Promise<void> {
  const tools = {
    weather: createTool({
      id: "weather",
      description: "Tells the weather",
      inputSchema: z.object({ city: z.string() }),
      outputSchema: z.object({ sky: z.string() }),
      execute: async ({ city }) => ({ sky: `grey in ${city}` }),
    }),
  };
  const signed = signTools(tools, { agent, target: "mcp://weather" });
  true satisfies Same<typeof signed, typeof tools>;
  true satisfies Same<typeof signed.weather.id, "weather">;
  new Agent({ id: "bot", name: "bot", instructions: "", model, tools: signed }) satisfies object;
  // @ts-expect-error The schema has no such member.
  await signed.weather.execute?.({ town: "Riga" }, {} as never);
}
