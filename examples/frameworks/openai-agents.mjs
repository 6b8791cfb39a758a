// The OpenAI Agents SDK: every call that the model makes of a tool is signed and on record before the tool runs. The model follows a
// script here; in your program it is one of OpenAI's, and `@openai/agents` has what comes from `@openai/agents-core` here.
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Agent, Runner, tool } from "@openai/agents-core";
import { ScriptedModel, assistantMessage, functionCall } from "@openai/agents-core/testing";
import { SigningAgent } from "signet-mcp";
import { signTools } from "signet-mcp/openai-agents";
import { z } from "zod";

const home = await mkdtemp(join(tmpdir(), "signet-"));
const agent = await SigningAgent.create("my-agent", { home, unencrypted: true });
const parameters = z.object({ city: z.string() });
const execute = ({ city }) => `It is grey in ${city}.`;
const weather = tool({ name: "weather", description: "Tells the weather", parameters, execute });

const tools = signTools([weather], { agent, target: "mcp://weather" });
const call = functionCall("weather", { city: "Riga" }, { callId: "call_1" });
const model = new ScriptedModel([[call], [assistantMessage("Take an umbrella.")]]);
const bot = new Agent({ name: "bot", model, tools });
const { finalOutput } = await new Runner({ tracingDisabled: true }).run(bot, "How is Riga?");

console.log(finalOutput);
for await (const { record } of agent.audit()) console.log("on record:", record.receipt.action);
await agent.close();
