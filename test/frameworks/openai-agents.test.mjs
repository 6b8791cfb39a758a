import assert from "node:assert/strict";
import { test } from "node:test";
import { Agent, Runner, tool, toolNamespace } from "@openai/agents-core";
import { ScriptedModel, assistantMessage, functionCall } from "@openai/agents-core/testing";
import { signTools } from "signet-mcp/openai-agents";
import { z } from "zod";
import { TARGET, assertOnRecord, openAgent } from "./support.mjs";

const runner = new Runner({ tracingDisabled: true });

function weatherTools(ran = [], options = {}) {
  return [
    tool({
      name: "weather",
      description: "Tells the weather",
      parameters: z.object({ city: z.string() }),
      execute: async ({ city }, _context, details) => {
        ran.push(details?.toolCall?.callId);
        if (city === "Atlantis") throw new Error("no such city");
        return `grey in ${city}`;
      },
      ...options,
    }),
    { type: "hosted_tool", name: "web_search", providerData: { type: "web_search" } },
  ];
}

function script(...steps) {
  return new ScriptedModel([...steps, [assistantMessage("It is grey.")]]);
}

function outputs({ newItems }) {
  return newItems.filter(({ type }) => type === "tool_call_output_item").map(({ output }) => output);
}

test("a run signs each call, parallel ones too", async (t) => {
  const agent = await openAgent(t);
  const model = script(
    [
      functionCall("weather", { city: "Riga" }, { callId: "call_1" }),
      functionCall("weather", { city: "Oslo" }, { callId: "call_2" }),
    ],
    [functionCall("weather", { city: "Rome" }, { callId: "call_3" })],
  );
  const ran = [];
  const tools = signTools(weatherTools(ran), { agent, target: TARGET });
  const result = await runner.run(new Agent({ name: "bot", model, tools }), "How is it?");
  assert.equal(result.finalOutput, "It is grey.");
  assert.deepEqual(outputs(result), ["grey in Riga", "grey in Oslo", "grey in Rome"]);
  assert.deepEqual(
    ran.toSorted((a, b) => a.localeCompare(b)),
    ["call_1", "call_2", "call_3"],
  );
  assert.deepEqual(
    model.firstCall.request.tools.map(({ name }) => name),
    ["weather", "web_search"],
  );
  await assertOnRecord(agent, [
    { tool: "weather", params: { city: "Riga" }, callId: "call_1" },
    { tool: "weather", params: { city: "Oslo" }, callId: "call_2" },
    { tool: "weather", params: { city: "Rome" }, callId: "call_3" },
  ]);
});

test("a streamed run signs each call", async (t) => {
  const agent = await openAgent(t);
  const model = script([functionCall("weather", { city: "Riga" }, { callId: "call_1" })]);
  const tools = signTools(weatherTools(), { agent, target: TARGET });
  const result = await runner.run(new Agent({ name: "bot", model, tools }), "How is it?", { stream: true });
  for await (const _ of result);
  await result.completed;
  assert.equal(result.finalOutput, "It is grey.");
  await assertOnRecord(agent, [{ tool: "weather", params: { city: "Riga" }, callId: "call_1" }]);
});

test("a tool's error is handled by the tool's own function", async (t) => {
  const agent = await openAgent(t);
  const call = () => script([functionCall("weather", { city: "Atlantis" }, { callId: "call_1" })]);
  const errorFunction = (_context, error) => `sorry: ${error.message}`;
  const polite = signTools(weatherTools([], { errorFunction }), { agent, target: TARGET });
  const result = await runner.run(new Agent({ name: "bot", model: call(), tools: polite }), "How is it?");
  assert.deepEqual(outputs(result), ["sorry: no such city"]);
  const strict = signTools(weatherTools([], { errorFunction: null }), { agent, target: TARGET });
  await assert.rejects(
    runner.run(new Agent({ name: "bot", model: call(), tools: strict }), "How is it?"),
    /no such city/,
  );
  const signed = { tool: "weather", params: { city: "Atlantis" }, callId: "call_1" };
  await assertOnRecord(agent, [signed, signed]);
});

test("no tool runs once the agent is closed, and the run fails", async (t) => {
  const agent = await openAgent(t);
  const ran = [];
  const tools = signTools(weatherTools(ran), { agent, target: TARGET });
  await agent.close();
  const model = script([functionCall("weather", { city: "Riga" }, { callId: "call_1" })]);
  const failure = await runner
    .run(new Agent({ name: "bot", model, tools }), "How is it?")
    .catch((error) => error);
  const codes = [];
  for (let error = failure; error instanceof Error; error = error.error ?? error.cause)
    codes.push(error.code);
  assert.ok(codes.includes("agent_closed"), String(failure));
  assert.deepEqual(ran, []);
  await assertOnRecord(agent, []);
});

test("input that does not fit the schema is the tool's to refuse", async (t) => {
  const agent = await openAgent(t);
  const ran = [];
  const model = script([functionCall("weather", { town: "Riga" }, { callId: "call_1" })]);
  const tools = signTools(weatherTools(ran), { agent, target: TARGET });
  const result = await runner.run(new Agent({ name: "bot", model, tools }), "How is it?");
  assert.equal(result.finalOutput, "It is grey.");
  assert.deepEqual(ran, []);
});

test("a call that waits for approval is not signed before it is approved", async (t) => {
  const agent = await openAgent(t);
  const model = script([functionCall("weather", { city: "Riga" }, { callId: "call_1" })]);
  const tools = signTools(
    weatherTools([], { needsApproval: async (_context, { city }) => city === "Riga" }),
    {
      agent,
      target: TARGET,
    },
  );
  const bot = new Agent({ name: "bot", model, tools });
  const asked = await runner.run(bot, "How is it?");
  assert.equal(asked.interruptions.length, 1);
  await assertOnRecord(agent, []);
  asked.state.approve(asked.interruptions[0]);
  const result = await runner.run(bot, asked.state);
  assert.equal(result.finalOutput, "It is grey.");
  await assertOnRecord(agent, [{ tool: "weather", params: { city: "Riga" }, callId: "call_1" }]);
});

test("a signed tool that is put into a namespace is signed", async (t) => {
  const agent = await openAgent(t);
  const [weather] = signTools(weatherTools(), { agent, target: TARGET });
  const [named] = toolNamespace({ name: "sky", description: "The sky", tools: [weather] });
  assert.equal(await named.invoke({}, '{"city":"Riga"}'), "grey in Riga");
  await assertOnRecord(agent, [{ tool: "weather", params: { city: "Riga" }, callId: undefined }]);
});

test("another agent as a tool is signed, and so are its own tools", async (t) => {
  const agent = await openAgent(t);
  const options = { agent, target: TARGET };
  const model = script([functionCall("weather", { city: "Riga" }, { callId: "call_2" })]);
  const meteorologist = new Agent({
    name: "meteorologist",
    model,
    tools: signTools(weatherTools(), options),
  });
  const asking = meteorologist.asTool({
    toolName: "meteorologist",
    toolDescription: "Knows",
    runConfig: { tracingDisabled: true },
  });
  const bot = new Agent({
    name: "bot",
    model: script([functionCall("meteorologist", { input: "How is it?" }, { callId: "call_1" })]),
    tools: signTools([asking], options),
  });
  assert.deepEqual(outputs(await runner.run(bot, "How is it?")), ["It is grey."]);
  await assertOnRecord(agent, [
    { tool: "meteorologist", params: { input: "How is it?" }, callId: "call_1" },
    { tool: "weather", params: { city: "Riga" }, callId: "call_2" },
  ]);
});
