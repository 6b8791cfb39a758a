// The Vercel AI SDK: every call that the model makes of a tool is signed and on record before the tool runs. The model follows a script
// here; in your program it is one of a provider.
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { generateText, isStepCount, tool } from "ai";
import { SigningAgent } from "signet-mcp";
import { signTools } from "signet-mcp/ai";
import { z } from "zod";

import { scriptedModel, toolCall } from "./models/ai.mjs";

const home = await mkdtemp(join(tmpdir(), "signet-"));
const agent = await SigningAgent.create("my-agent", { home, unencrypted: true });
const inputSchema = z.object({ city: z.string() });
const weather = tool({ inputSchema, execute: ({ city }) => `It is grey in ${city}.` });

const tools = signTools({ weather }, { agent, target: "mcp://weather" });
const model = scriptedModel([[toolCall("call_1", "weather", { city: "Riga" })], "Take an umbrella."]);
const { text } = await generateText({ model, tools, stopWhen: isStepCount(5), prompt: "How is Riga?" });

console.log(text);
for await (const { record } of agent.audit()) console.log("on record:", record.receipt.action);
await agent.close();
