import { Agent, tool } from "@openai/agents-core";
import type { FunctionTool, HostedTool, Tool } from "@openai/agents-core";
import type { SigningAgent } from "signet-mcp";
import { signTools } from "signet-mcp/openai-agents";
import { z } from "zod";
import type { Same } from "./same.js";

export function check(agent: SigningAgent, search: HostedTool): void {
  const weather = tool({
    name: "weather",
    description: "Tells the weather",
    parameters: z.object({ city: z.string() }),
    execute: async ({ city }) => `grey in ${city}`,
  });
  const options = { agent, target: "mcp://weather" };
  const signed = signTools([weather, search], options);
  true satisfies Same<typeof signed, [typeof weather, HostedTool]>;
  signed[0] satisfies FunctionTool<unknown, z.ZodObject<{ city: z.ZodString }>, string>;
  new Agent({ name: "bot", tools: signed }) satisfies object;

  const list: Tool[] = [weather];
  const signedList = signTools(list, options);
  true satisfies Same<typeof signedList, Tool[]>;
  new Agent({ name: "bot", tools: signedList }) satisfies object;
  // @ts-expect-error `streaming` is an option of the AI SDK's adapter.
  signTools(list, { ...options, streaming: ["weather"] });
}
