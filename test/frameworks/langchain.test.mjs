import assert from "node:assert/strict";
import { test } from "node:test";
import { AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import {
  DynamicStructuredTool,
  DynamicTool,
  StructuredTool,
  isLangChainTool,
  tool,
} from "@langchain/core/tools";
import { convertToOpenAITool } from "@langchain/core/utils/function_calling";
import { ToolNode, createReactAgent } from "@langchain/langgraph/prebuilt";
import { signTools } from "signet-mcp/langchain";
import { z } from "zod";
import { ScriptedModel, toolCalls } from "../../examples/frameworks/models/langchain.mjs";
import { TARGET, assertOnRecord, openAgent } from "./support.mjs";

function weatherTool(ran = []) {
  return tool(
    async ({ city, units }, config) => {
      ran.push(config.toolCall?.id);
      if (city === "Atlantis") throw new Error("no such city");
      return `grey in ${city} (${units})`;
    },
    {
      name: "weather",
      description: "Tells the weather",
      schema: z.object({ city: z.string(), units: z.enum(["c", "f"]).default("c") }),
    },
  );
}

test("an agent's calls are signed, parallel ones too, with the arguments as the schema left them", async (t) => {
  const agent = await openAgent(t);
  const ran = [];
  const tools = signTools([weatherTool(ran)], { agent, target: TARGET });
  const llm = new ScriptedModel([
    toolCalls(["call_1", "weather", { city: "Riga" }], ["call_2", "weather", { city: "Oslo", units: "f" }]),
    toolCalls(["call_3", "weather", { city: "Rome" }]),
    new AIMessage("It is grey."),
  ]);
  const { messages } = await createReactAgent({ llm, tools }).invoke({
    messages: [new HumanMessage("How is it?")],
  });
  assert.equal(messages.at(-1).text, "It is grey.");
  assert.deepEqual(
    messages.filter(ToolMessage.isInstance).map(({ content }) => content),
    ["grey in Riga (c)", "grey in Oslo (f)", "grey in Rome (c)"],
  );
  assert.deepEqual(llm.bound, [convertToOpenAITool(weatherTool())]);
  assert.deepEqual(
    ran.toSorted((a, b) => a.localeCompare(b)),
    ["call_1", "call_2", "call_3"],
  );
  await assertOnRecord(agent, [
    { tool: "weather", params: { city: "Riga", units: "c" }, callId: "call_1" },
    { tool: "weather", params: { city: "Oslo", units: "f" }, callId: "call_2" },
    { tool: "weather", params: { city: "Rome", units: "c" }, callId: "call_3" },
  ]);
});

test("every way to call a tool signs it once", async (t) => {
  const agent = await openAgent(t);
  const [weather] = signTools([weatherTool()], { agent, target: TARGET });
  const call = { type: "tool_call", id: "call_1", name: "weather", args: { city: "Riga" } };
  assert.equal(await weather.invoke({ city: "Riga" }), "grey in Riga (c)");
  assert.equal((await weather.invoke(call)).tool_call_id, "call_1");
  assert.equal((await weather.call(call)).tool_call_id, "call_1");
  assert.equal(await weather.call({ city: "Riga" }), "grey in Riga (c)");
  assert.equal((await weather.batch([call]))[0].content, "grey in Riga (c)");
  for await (const message of await weather.stream(call)) assert.equal(message.tool_call_id, "call_1");
  assert.equal((await weather.withConfig({ tags: ["x"] }).invoke(call)).tool_call_id, "call_1");
  const ids = [undefined, "call_1", "call_1", undefined, "call_1", "call_1", "call_1"];
  await assertOnRecord(
    agent,
    ids.map((callId) => ({ tool: "weather", params: { city: "Riga", units: "c" }, callId })),
  );
});

test("a signed tool is still what it was", async (t) => {
  const agent = await openAgent(t);
  const text = new DynamicTool({
    name: "text",
    description: "Takes text",
    func: async (input) => `got ${input}`,
  });
  class Own extends StructuredTool {
    name = "own";
    description = "A class of its own";
    schema = z.object({ n: z.number() });
    returnDirect = true;
    #factor = 2;
    async _call({ n }) {
      return String(n * this.#factor);
    }
  }
  const [weather, signedText, own] = signTools([weatherTool(), text, new Own()], { agent, target: TARGET });
  assert.ok(
    weather instanceof DynamicStructuredTool && signedText instanceof DynamicTool && own instanceof Own,
  );
  assert.ok([weather, signedText, own].every((tool) => isLangChainTool(tool)));
  assert.equal(own.returnDirect, true);
  assert.equal(await signedText.invoke("x"), "got x");
  assert.equal(await own.invoke({ n: 2 }), "4");
  await assertOnRecord(agent, [
    { tool: "text", params: "x", callId: undefined },
    { tool: "own", params: { n: 2 }, callId: undefined },
  ]);
});

test("content and artifact, callbacks and generators come through", async (t) => {
  const agent = await openAgent(t);
  const schema = z.object({ n: z.number() });
  const pair = tool(async ({ n }) => [`${n} items`, { n }], {
    name: "pair",
    description: "Gives both",
    schema,
    responseFormat: "content_and_artifact",
  });
  async function* count({ n }) {
    for (let i = 1; i <= n; i++) yield i;
    return "counted";
  }
  const counter = tool(count, { name: "count", description: "Counts", schema });
  const [signedPair, signedCounter] = signTools([pair, counter], { agent, target: TARGET });
  const seen = [];
  const callbacks = [
    {
      handleToolStart: (_tool, input) => void seen.push(["start", input]),
      handleToolEvent: (chunk) => void seen.push(["event", chunk]),
      handleToolEnd: () => void seen.push(["end"]),
    },
  ];
  const call = { type: "tool_call", id: "call_1", name: "pair", args: { n: 2 } };
  const message = await signedPair.invoke(call, { callbacks });
  assert.deepEqual([message.content, message.artifact], ["2 items", { n: 2 }]);
  assert.equal(await signedCounter.invoke({ n: 2 }, { callbacks }), "counted");
  assert.deepEqual(
    seen.map(([type]) => type),
    ["start", "end", "start", "event", "event", "end"],
  );
  await assertOnRecord(agent, [
    { tool: "pair", params: { n: 2 }, callId: "call_1" },
    { tool: "count", params: { n: 2 }, callId: undefined },
  ]);
});

test("a tool's error is the tool's own", async (t) => {
  const agent = await openAgent(t);
  const [weather] = signTools([weatherTool()], { agent, target: TARGET });
  await assert.rejects(weather.invoke({ city: "Atlantis" }), { message: "no such city" });
  const failed = [];
  await assert.rejects(
    weather.invoke({ town: 1 }, { callbacks: [{ handleToolError: (error) => void failed.push(error) }] }),
    {
      name: "Error",
      message: /did not match expected schema/,
    },
  );
  await assertOnRecord(agent, [
    { tool: "weather", params: { city: "Atlantis", units: "c" }, callId: undefined },
  ]);
});

test("no tool runs once the agent is closed, and LangChain has the error", async (t) => {
  const agent = await openAgent(t);
  const ran = [];
  const tools = signTools([weatherTool(ran)], { agent, target: TARGET });
  await agent.close();
  const failed = [];
  const callbacks = [{ handleToolError: (error) => void failed.push(error.code) }];
  await assert.rejects(tools[0].invoke({ city: "Riga" }, { callbacks }), { code: "agent_closed" });
  assert.deepEqual(failed, ["agent_closed"]);
  const node = new ToolNode(tools, { handleToolErrors: false });
  await assert.rejects(node.invoke({ messages: [toolCalls(["call_1", "weather", { city: "Riga" }])] }), {
    code: "agent_closed",
  });
  assert.deepEqual(ran, []);
  await assertOnRecord(agent, []);
});
