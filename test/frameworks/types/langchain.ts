import type { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { DynamicTool, tool } from "@langchain/core/tools";
import type { StructuredToolInterface } from "@langchain/core/tools";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import type { SigningAgent } from "signet-mcp";
import { signTools } from "signet-mcp/langchain";
import { z } from "zod";
import type { Same } from "./same.js";

export async function check(agent: SigningAgent, model: BaseChatModel): Promise<void> {
  const weather = tool(async ({ city }) => ({ city }), {
    name: "weather",
    description: "Tells the weather",
    schema: z.object({ city: z.string() }),
  });
  const text = new DynamicTool({ name: "text", description: "Takes text", func: async (input) => input });
  const options = { agent, target: "mcp://weather" };
  const signed = signTools([weather, text], options);
  true satisfies Same<typeof signed, [typeof weather, typeof text]>;
  await signed[0].invoke({ city: "Riga" });
  // @ts-expect-error The schema has no such member.
  await signed[0].invoke({ town: "Riga" });
  model.bindTools?.(signed);
  new ToolNode(signed) satisfies object;

  const list: StructuredToolInterface[] = [weather];
  const signedList = signTools(list, options);
  true satisfies Same<typeof signedList, StructuredToolInterface[]>;
  // @ts-expect-error A list is wanted.
  signTools(weather, options);
}
