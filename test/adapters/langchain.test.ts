import { describe, expect, it } from "vitest";
import { signTools } from "../../src/adapters/langchain.js";
import { onRecord, openAgent, TARGET } from "./support.js";

interface Config {
  readonly toolCall?: { readonly id: string };
}

/** In the shape of a `StructuredTool`: `invoke` calls `call`, which calls `_call`. */
class EchoTool {
  name = "echo";
  schema: object = { type: "object" };
  #calls = 0;

  get calls(): number {
    return this.#calls;
  }

  async invoke(input: object, config: object = {}): Promise<unknown> {
    const isCall = "type" in input && input.type === "tool_call" && "args" in input;
    return isCall
      ? this.call(input.args as object, { ...config, toolCall: input })
      : this.call(input, config);
  }

  async call(arg: object, config?: object | unknown[]): Promise<unknown> {
    const args = "type" in arg && arg.type === "tool_call" && "args" in arg ? arg.args : arg;
    return this._call(args, undefined, Array.isArray(config) ? {} : config);
  }

  async _call(args: unknown, _manager: unknown, _config: Config = {}): Promise<unknown> {
    this.#calls += 1;
    return args;
  }
}

const TOOL_CALL = { type: "tool_call", id: "call_1", name: "echo", args: { city: "Riga" } };

describe("a LangChain tool", () => {
  it.each<[string, (tool: EchoTool) => Promise<unknown>, string | undefined]>([
    ["invoke, with a ToolCall", (tool) => tool.invoke(TOOL_CALL), "call_1"],
    ["invoke, with arguments", (tool) => tool.invoke({ city: "Riga" }), undefined],
    [
      "invoke, with the call in the config",
      (tool) => tool.invoke({ city: "Riga" }, { toolCall: TOOL_CALL }),
      "call_1",
    ],
    ["call, with a ToolCall", (tool) => tool.call(TOOL_CALL), "call_1"],
    ["call, with a ToolCall and callbacks", (tool) => tool.call(TOOL_CALL, []), undefined],
    ["call, with arguments", (tool) => tool.call({ city: "Riga" }), undefined],
  ])("is signed once by %s", async (_, call, callId) => {
    const agent = await openAgent();
    const [tool] = signTools([new EchoTool()], { agent, target: TARGET });
    expect(await call(tool)).toEqual({ city: "Riga" });
    const receipts = await onRecord(agent);
    expect(receipts.map(({ action }) => [action.tool, action.params, action.call_id])).toEqual([
      ["echo", { city: "Riga" }, callId],
    ]);
  });

  it("stays what it is, and runs as itself", async () => {
    const echo = new EchoTool();
    const method = Object.getOwnPropertyDescriptor(EchoTool.prototype, "_call")?.value as unknown;
    const [tool] = signTools([echo], { agent: await openAgent(), target: TARGET });
    await tool.invoke({});
    expect(tool).toBeInstanceOf(EchoTool);
    expect([tool.name, tool.schema, tool.calls, echo.calls]).toEqual(["echo", echo.schema, 1, 1]);
    expect(echo._call).toBe(method);
    await echo.invoke({});
    expect(echo.calls).toBe(2);
  });

  it("is signed where it is copied with its own members", async () => {
    const agent = await openAgent();
    const echo = { name: "echo", _call: async (args: unknown) => args };
    const [tool] = signTools([echo], { agent, target: TARGET });
    const copies = [{ ...tool }, Object.create(null, Object.getOwnPropertyDescriptors(tool)) as typeof tool];
    for (const copy of copies) await copy._call({});
    expect(await onRecord(agent)).toHaveLength(2);
  });

  it("of the provider is passed on", async () => {
    const search = { type: "web_search" };
    expect(signTools([search], { agent: await openAgent(), target: TARGET })[0]).toBe(search);
  });

  it("is not signed twice", async () => {
    const options = { agent: await openAgent(), target: TARGET };
    const signed = signTools([new EchoTool()], options);
    expect(() => signTools(signed, options)).toThrow(
      expect.objectContaining({ name: "OptionError", option: "tools[0]" }),
    );
  });

  it.each<[string, unknown]>([
    ["tools", {}],
    ["tools[0]", [null]],
    ["tools[1]", [new EchoTool(), { name: "runnable", invoke: () => 1 }]],
    ["tools[0].name", [{ _call: () => 1 }]],
  ])("is refused with a name, where %s is wrong", async (option, tools) => {
    const options = { agent: await openAgent(), target: TARGET };
    expect(() => signTools(tools as object[], options)).toThrow(
      expect.objectContaining({ name: "OptionError", option }),
    );
  });
});
