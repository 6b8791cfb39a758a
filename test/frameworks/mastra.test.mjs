import assert from "node:assert/strict";
import { test } from "node:test";
import { Agent } from "@mastra/core/agent";
import { Tool, createTool } from "@mastra/core/tools";
import { createStep, createWorkflow } from "@mastra/core/workflows";
import { tool as aiTool } from "ai";
import { signTools } from "signet-mcp/mastra";
import { z } from "zod";
import { scriptedModel, toolCall } from "../../examples/frameworks/models/ai.mjs";
import { TARGET, assertOnRecord, openAgent } from "./support.mjs";

function weatherTools(ran = []) {
  return {
    weather: createTool({
      id: "weather-tool",
      description: "Tells the weather",
      inputSchema: z.object({ city: z.string(), units: z.enum(["c", "f"]).default("c") }),
      outputSchema: z.object({ sky: z.string() }),
      execute: async ({ city, units }, context) => {
        ran.push(context.agent?.toolCallId);
        if (city === "Atlantis") throw new Error("no such city");
        return { sky: `grey in ${city} (${units})` };
      },
    }),
    humidity: aiTool({
      description: "A tool of the AI SDK",
      inputSchema: z.object({ city: z.string() }),
      execute: async ({ city }) => `${city} is wet`,
    }),
  };
}

function bot(model, tools) {
  return new Agent({ id: "bot", name: "bot", instructions: "Be brief.", model, tools });
}

const SCRIPT = [
  [
    toolCall("call_1", "weather", { city: "Riga" }),
    toolCall("call_2", "weather", { city: "Oslo", units: "f" }),
  ],
  [toolCall("call_3", "humidity", { city: "Rome" })],
  "It is grey.",
];

const SIGNED = [
  { tool: "weather", params: { city: "Riga", units: "c" }, callId: "call_1" },
  { tool: "weather", params: { city: "Oslo", units: "f" }, callId: "call_2" },
  { tool: "humidity", params: { city: "Rome" }, callId: "call_3" },
];

test("generate signs each call, parallel ones too, with the input as the schema left it", async (t) => {
  const agent = await openAgent(t);
  const ran = [];
  const tools = signTools(weatherTools(ran), { agent, target: TARGET });
  const { text, toolResults } = await bot(scriptedModel(SCRIPT), tools).generate("How is it?");
  assert.equal(text, "It is grey.");
  assert.deepEqual(
    ran.toSorted((a, b) => a.localeCompare(b)),
    ["call_1", "call_2"],
  );
  assert.deepEqual(
    toolResults.map(({ payload }) => payload.result),
    [{ sky: "grey in Riga (c)" }, { sky: "grey in Oslo (f)" }, "Rome is wet"],
  );
  await assertOnRecord(agent, SIGNED);
});

test("stream signs each call", async (t) => {
  const agent = await openAgent(t);
  const tools = signTools(weatherTools(), { agent, target: TARGET });
  const output = await bot(scriptedModel(SCRIPT), tools).stream("How is it?");
  assert.equal(await output.text, "It is grey.");
  await assertOnRecord(agent, SIGNED);
});

test("a tool that is called without an agent is signed, and validates as ever", async (t) => {
  const agent = await openAgent(t);
  const { weather } = signTools(weatherTools(), { agent, target: TARGET });
  assert.ok(weather instanceof Tool);
  assert.equal(weather.id, "weather-tool");
  assert.deepEqual(await weather.execute({ city: "Riga" }), { sky: "grey in Riga (c)" });
  assert.equal((await weather.execute({ town: "Riga" })).error, true);
  await assertOnRecord(agent, [
    { tool: "weather", params: { city: "Riga" }, callId: undefined },
    { tool: "weather", params: { town: "Riga" }, callId: undefined },
  ]);
});

test("a tool that is a step of a workflow is signed", async (t) => {
  const agent = await openAgent(t);
  const { weather } = signTools(weatherTools(), { agent, target: TARGET });
  const { inputSchema, outputSchema } = weather;
  const workflow = createWorkflow({ id: "flow", inputSchema, outputSchema })
    .then(createStep(weather))
    .commit();
  const run = await workflow.createRun();
  const { status, result } = await run.start({ inputData: { city: "Riga", units: "f" } });
  assert.deepEqual([status, result], ["success", { sky: "grey in Riga (f)" }]);
  await assertOnRecord(agent, [{ tool: "weather", params: { city: "Riga", units: "f" }, callId: undefined }]);
});

test("a tool's error is the tool's own", async (t) => {
  const agent = await openAgent(t);
  const tools = signTools(weatherTools(), { agent, target: TARGET });
  await assert.rejects(tools.weather.execute({ city: "Atlantis" }), { message: "no such city" });
  const model = scriptedModel([[toolCall("call_1", "weather", { city: "Atlantis" })], "Sorry."]);
  const result = await bot(model, tools).generate("How is it?");
  assert.match(JSON.stringify(result.steps.map(({ content }) => content)), /no such city/);
  await assertOnRecord(agent, [
    { tool: "weather", params: { city: "Atlantis" }, callId: undefined },
    { tool: "weather", params: { city: "Atlantis", units: "c" }, callId: "call_1" },
  ]);
});

test("no tool runs once the agent is closed, and Mastra has the error", async (t) => {
  const agent = await openAgent(t);
  const ran = [];
  const tools = signTools(weatherTools(ran), { agent, target: TARGET });
  await agent.close();
  await assert.rejects(tools.weather.execute({ city: "Riga" }), { code: "agent_closed" });
  const model = scriptedModel([[toolCall("call_1", "weather", { city: "Riga" })], "Sorry."]);
  const result = await bot(model, tools).generate("How is it?");
  assert.match(JSON.stringify(result.steps.map(({ content }) => content)), /the agent is closed/);
  assert.deepEqual(ran, []);
  await assertOnRecord(agent, []);
});
