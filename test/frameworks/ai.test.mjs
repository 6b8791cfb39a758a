import assert from "node:assert/strict";
import { test } from "node:test";
import { generateText, isStepCount, streamText, tool } from "ai";
import { signTools } from "signet-mcp/ai";
import { z } from "zod";
import { scriptedModel, toolCall } from "../../examples/frameworks/models/ai.mjs";
import { TARGET, assertOnRecord, openAgent } from "./support.mjs";

function weatherTools(ran = []) {
  return {
    weather: tool({
      description: "Tells the weather",
      inputSchema: z.object({ city: z.string(), units: z.enum(["c", "f"]).default("c") }),
      execute: async ({ city, units }, { toolCallId }) => {
        ran.push(toolCallId);
        if (city === "Atlantis") throw new Error("no such city");
        return { city, units, sky: "grey" };
      },
    }),
    forecast: tool({
      description: "Tells the weather of days to come",
      inputSchema: z.object({ days: z.number() }),
      execute: async function* ({ days }, { toolCallId }) {
        ran.push(toolCallId);
        for (let day = 1; day <= days; day++) yield { day };
      },
    }),
    ask: tool({ description: "Asks the user", inputSchema: z.object({ question: z.string() }) }),
  };
}

const PARALLEL = [
  [
    toolCall("call_1", "weather", { city: "Riga" }),
    toolCall("call_2", "weather", { city: "Oslo", units: "f" }),
  ],
  [toolCall("call_3", "forecast", { days: 2 })],
  "It is grey.",
];

const SIGNED = [
  { tool: "weather", params: { city: "Riga", units: "c" }, callId: "call_1" },
  { tool: "weather", params: { city: "Oslo", units: "f" }, callId: "call_2" },
  { tool: "forecast", params: { days: 2 }, callId: "call_3" },
];

test("generateText signs each call, parallel ones too, with the input as the schema left it", async (t) => {
  const agent = await openAgent(t);
  const told = [];
  const onReceipt = ({ tool, callId }) => told.push([tool, callId]);
  const tools = signTools(weatherTools(), { agent, target: TARGET, onReceipt });
  const { text, steps } = await generateText({
    model: scriptedModel(PARALLEL),
    tools,
    stopWhen: isStepCount(5),
    prompt: "How is it?",
  });
  assert.equal(text, "It is grey.");
  assert.deepEqual(
    steps.flatMap(({ toolResults }) => toolResults.map(({ output }) => output)),
    [{ city: "Riga", units: "c", sky: "grey" }, { city: "Oslo", units: "f", sky: "grey" }, { day: 2 }],
  );
  await assertOnRecord(agent, SIGNED);
  assert.deepEqual(
    told,
    SIGNED.map(({ tool, callId }) => [tool, callId]),
  );
});

test("streamText signs each call, and a tool that streams still streams", async (t) => {
  const agent = await openAgent(t);
  const { fullStream } = streamText({
    model: scriptedModel(PARALLEL),
    tools: signTools(weatherTools(), { agent, target: TARGET }),
    stopWhen: isStepCount(5),
    prompt: "How is it?",
  });
  const forecasts = [];
  for await (const part of fullStream) {
    if (part.type === "tool-result" && part.toolName === "forecast") {
      forecasts.push([part.preliminary === true, part.output]);
    }
  }
  assert.deepEqual(forecasts, [
    [true, { day: 1 }],
    [true, { day: 2 }],
    [false, { day: 2 }],
  ]);
  await assertOnRecord(agent, SIGNED);
});

test("a tool's error is the tool's own", async (t) => {
  const agent = await openAgent(t);
  const { content } = await generateText({
    model: scriptedModel([[toolCall("call_1", "weather", { city: "Atlantis" })]]),
    tools: signTools(weatherTools(), { agent, target: TARGET }),
    prompt: "How is it?",
  });
  assert.equal(content.find(({ type }) => type === "tool-error")?.error.message, "no such city");
  await assertOnRecord(agent, [
    { tool: "weather", params: { city: "Atlantis", units: "c" }, callId: "call_1" },
  ]);
});

test("no tool runs once the agent is closed, and the SDK has the error", async (t) => {
  const agent = await openAgent(t);
  const ran = [];
  const tools = signTools(weatherTools(ran), { agent, target: TARGET });
  await agent.close();
  const { content } = await generateText({
    model: scriptedModel([
      [toolCall("call_1", "weather", { city: "Riga" }), toolCall("call_2", "forecast", { days: 1 })],
    ]),
    tools,
    prompt: "How is it?",
  });
  const errors = content.filter(({ type }) => type === "tool-error").map(({ error }) => error.code);
  assert.deepEqual(errors, ["agent_closed", "agent_closed"]);
  assert.deepEqual(ran, []);
  await assertOnRecord(agent, []);
});

test("a tool without execute is left to the client", async (t) => {
  const agent = await openAgent(t);
  const tools = weatherTools();
  const signed = signTools(tools, { agent, target: TARGET });
  assert.equal(signed.ask, tools.ask);
  const { toolCalls, toolResults } = await generateText({
    model: scriptedModel([[toolCall("call_1", "ask", { question: "Where?" })]]),
    tools: signed,
    prompt: "How is it?",
  });
  assert.deepEqual([toolCalls.length, toolResults.length], [1, 0]);
  await assertOnRecord(agent, []);
});

test("a call that waits for approval is not signed before it is approved", async (t) => {
  const agent = await openAgent(t);
  const { weather } = weatherTools();
  const tools = signTools({ weather: { ...weather, needsApproval: true } }, { agent, target: TARGET });
  const messages = [{ role: "user", content: "How is it?" }];
  const model = scriptedModel([[toolCall("call_1", "weather", { city: "Riga" })], "It is grey."]);
  const asked = await generateText({ model, tools, messages });
  await assertOnRecord(agent, []);
  const { approvalId } = asked.content.find(({ type }) => type === "tool-approval-request");
  const approval = {
    role: "tool",
    content: [{ type: "tool-approval-response", approvalId, approved: true }],
  };
  await generateText({ model, tools, messages: [...messages, ...asked.response.messages, approval] });
  await assertOnRecord(agent, SIGNED.slice(0, 1));
});
