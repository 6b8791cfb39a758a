// LangChain and LangGraph: every call that the model makes of a tool is signed and on record before the tool runs. The model follows a
// script here; in your program it is one of a provider.
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { AIMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { createReactAgent } from "@langchain/langgraph/prebuilt";
import { SigningAgent } from "signet-mcp";
import { signTools } from "signet-mcp/langchain";
import { z } from "zod";

import { ScriptedModel, toolCalls } from "./models/langchain.mjs";

const home = await mkdtemp(join(tmpdir(), "signet-"));
const agent = await SigningAgent.create("my-agent", { home, unencrypted: true });
const fields = { name: "weather", description: "Tells the weather", schema: z.object({ city: z.string() }) };
const weather = tool(({ city }) => `It is grey in ${city}.`, fields);

const tools = signTools([weather], { agent, target: "mcp://weather" });
const script = [toolCalls(["call_1", "weather", { city: "Riga" }]), new AIMessage("Take an umbrella.")];
const graph = createReactAgent({ llm: new ScriptedModel(script), tools });
const { messages } = await graph.invoke({ messages: "How is Riga?" });

console.log(messages.at(-1).text);
for await (const { record } of agent.audit()) console.log("on record:", record.receipt.action);
await agent.close();
