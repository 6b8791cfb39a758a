import { describe, expect, it, vi } from "vitest";
import { signTools } from "../../src/adapters/openai-agents.js";
import { onRecord, openAgent, TARGET } from "./support.js";

function echoTool(invoke: (context: unknown, input: string, details?: object) => Promise<unknown>): {
  readonly type: "function";
  readonly name: string;
  readonly invoke: typeof invoke;
} {
  return { type: "function", name: "echo", invoke };
}

describe("a function tool", () => {
  it("gets the very text of which the JSON was signed, and all that the SDK tells", async () => {
    const agent = await openAgent();
    const invoke = vi.fn(async (_: unknown, input: string) => input);
    const [tool] = signTools([echoTool(invoke)], { agent, target: TARGET });
    const context = {};
    const details = { toolCall: { callId: "call_1" } };
    const input = '{ "city": "Riga",  "n": 1e0 }';
    expect(await tool.invoke(context, input, details)).toBe(input);
    expect(invoke.mock.calls).toEqual([[context, input, details]]);
    expect(invoke.mock.calls[0]?.[0]).toBe(context);
    expect((await onRecord(agent))[0]?.action).toMatchObject({
      tool: "echo",
      params: { city: "Riga", n: 1 },
      call_id: "call_1",
    });
  });

  it.each(["", "{", "no JSON"])("is signed for text that is no JSON: %j", async (input) => {
    const agent = await openAgent();
    const [tool] = signTools([echoTool(async (_, text) => text)], { agent, target: TARGET });
    expect(await tool.invoke({}, input)).toBe(input);
    expect((await onRecord(agent))[0]?.action.params).toBe(input);
  });

  it("does not run on numbers that no receipt can hold", async () => {
    const invoke = vi.fn(async () => 1);
    const [tool] = signTools([echoTool(invoke)], { agent: await openAgent(), target: TARGET });
    await expect(tool.invoke({}, '{"n":9007199254740993}')).rejects.toMatchObject({ code: "unsafe_integer" });
    await expect(tool.invoke({}, '{"n":1e999}')).rejects.toMatchObject({ code: "non_finite" });
    expect(invoke).not.toHaveBeenCalled();
  });

  it("keeps its other members, symbols and all, and is not changed", async () => {
    const namespace = Symbol("namespace");
    const echo = Object.freeze({ ...echoTool(async () => 1), [namespace]: "ns", strict: true });
    const [signed] = signTools([echo], { agent: await openAgent(), target: TARGET });
    expect(signed).toEqual({ ...echo, invoke: expect.any(Function) as unknown });
    expect(signed.invoke).not.toBe(echo.invoke);
  });

  it("is not signed twice", async () => {
    const options = { agent: await openAgent(), target: TARGET };
    const [signed] = signTools([echoTool(async () => 1)], options);
    expect(() => signTools([{ ...signed }], options)).toThrow(
      expect.objectContaining({ name: "OptionError", option: "tools[0]" }),
    );
  });
});

describe("a tool that is no function tool", () => {
  it.each([
    { type: "hosted_tool", name: "web_search" },
    { type: "shell", name: "shell", environment: { type: "container_auto" } },
    { type: "function", name: "no invoke" },
  ])("is passed on when the provider runs it: %j", async (tool) => {
    expect(signTools([tool], { agent: await openAgent(), target: TARGET })[0]).toBe(tool);
  });

  it.each([
    { type: "computer", name: "computer_use_preview", computer: {} },
    { type: "apply_patch", name: "apply_patch", editor: {} },
    { type: "shell", name: "shell", shell: {} },
  ])("is refused when it acts here unsigned: $type", async (tool) => {
    const options = { agent: await openAgent(), target: TARGET };
    expect(() => signTools([tool], options)).toThrow(
      expect.objectContaining({ name: "OptionError", code: "unsupported_option", option: "tools[0]" }),
    );
  });

  it.each<[string, unknown]>([
    ["tools", {}],
    ["tools[0]", [7]],
    ["tools[0].name", [{ type: "function", invoke: () => 1 }]],
  ])("is refused with a name, where %s is wrong", async (option, tools) => {
    const options = { agent: await openAgent(), target: TARGET };
    expect(() => signTools(tools as object[], options)).toThrow(
      expect.objectContaining({ name: "OptionError", option }),
    );
  });
});
