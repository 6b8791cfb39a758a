import { describe, expect, it, vi } from "vitest";
import { signTools } from "../../src/adapters/ai.js";
import { onRecord, openAgent, TARGET } from "./support.js";

const CALL = { toolCallId: "call_1", messages: [] };

async function all(stream: unknown): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const item of stream as AsyncIterable<unknown>) items.push(item);
  return items;
}

describe("a set of tools", () => {
  it("keeps all but `execute`, and those that it was made of", async () => {
    const agent = await openAgent();
    const hidden = Symbol("hidden");
    const echo = Object.freeze({
      description: "Echoes",
      inputSchema: { type: "object" },
      toModelOutput: () => "x",
      get needsApproval() {
        return true;
      },
      [hidden]: 7,
      execute: (input: unknown) => input,
    });
    const search = { type: "provider", id: "acme.search", args: {} };
    const tools = { echo, search };
    const signed = signTools(tools, { agent, target: TARGET });
    expect(Object.keys(signed)).toEqual(["echo", "search"]);
    expect(signed.search).toBe(search);
    expect(signed.echo).toEqual({ ...echo, execute: expect.any(Function) as unknown });
    expect(Object.getOwnPropertyDescriptor(signed.echo, "needsApproval")?.get).toBeTypeOf("function");
    expect(signed.echo.execute).not.toBe(echo.execute);
    expect(tools).toEqual({ echo, search });
  });

  it("runs a tool as itself, private members and all", async () => {
    class Counter {
      #count = 0;
      execute(_input: unknown, _options: unknown): number | Promise<number> {
        return ++this.#count;
      }
    }
    const counter = new Counter();
    const signed = signTools({ counter }, { agent: await openAgent(), target: TARGET });
    expect(signed.counter).toBeInstanceOf(Counter);
    expect(await signed.counter.execute({}, CALL)).toBe(1);
    expect(counter.execute({}, CALL)).toBe(2);
  });

  it("is not signed twice", async () => {
    const options = { agent: await openAgent(), target: TARGET };
    const signed = signTools({ echo: { execute: () => 1 } }, options);
    const error = { name: "OptionError", code: "invalid_option", option: "tools.echo" };
    for (const tools of [signed, { echo: { ...signed.echo } }]) {
      expect(() => signTools(tools, options)).toThrow(expect.objectContaining(error));
    }
  });

  it.each<[string, unknown]>([
    ["tools", null],
    ["tools", []],
    ["tools", 7],
    ["tools.echo", { echo: null }],
    ["tools.echo", { echo: () => 1 }],
    ["tools. ", { " ": { execute: () => 1 } }],
  ])("is refused with a name, where %s is wrong", async (option, tools) => {
    const options = { agent: await openAgent(), target: TARGET };
    expect(() => signTools(tools as object as Record<string, object>, options)).toThrow(
      expect.objectContaining({ name: "OptionError", option }),
    );
  });
});

describe("a tool that streams", () => {
  async function* count(): AsyncGenerator<number> {
    yield 1;
    yield 2;
  }

  it("is signed before its first output", async () => {
    const agent = await openAgent();
    const { stream } = signTools({ stream: { execute: count } }, { agent, target: TARGET });
    const output = (stream.execute as (...args: unknown[]) => unknown)({ n: 2 }, CALL);
    expect(await all(output)).toEqual([1, 2]);
    expect((await onRecord(agent)).map(({ action }) => [action.params, action.call_id])).toEqual([
      [{ n: 2 }, "call_1"],
    ]);
  });

  it("does not begin when its call cannot be signed", async () => {
    const agent = await openAgent();
    const begun = vi.fn();
    async function* execute(): AsyncGenerator<number> {
      begun();
      yield 1;
    }
    const { stream } = signTools({ stream: { execute } }, { agent, target: TARGET });
    await agent.close();
    await expect(all(stream.execute())).rejects.toMatchObject({ code: "agent_closed" });
    expect(begun).not.toHaveBeenCalled();
  });

  it("is told when nobody reads on, and its error is its own", async () => {
    const ended = vi.fn();
    const error = new Error("broken");
    async function* execute(): AsyncGenerator<number> {
      try {
        yield 1;
        throw error;
      } finally {
        ended();
      }
    }
    const { stream } = signTools({ stream: { execute } }, { agent: await openAgent(), target: TARGET });
    for await (const item of stream.execute()) {
      expect(item).toBe(1);
      break;
    }
    expect(ended).toHaveBeenCalledTimes(1);
    expect(await all(stream.execute()).catch((thrown: unknown) => thrown)).toBe(error);
  });

  it("by a function that returns an iterable streams where it is named, and else hands on its last output", async () => {
    const options = { agent: await openAgent(), target: TARGET };
    const tools = { stream: { execute: (): unknown => count() }, plain: { execute: (): unknown => 7 } };
    expect(await signTools(tools, options).stream.execute()).toBe(2);
    const named = signTools(tools, { ...options, streaming: ["stream", "plain"] });
    expect(await all(named.stream.execute())).toEqual([1, 2]);
    expect(await all(named.plain.execute())).toEqual([7]);
  });

  it.each([7, [7], ["other"], "stream"])("has to be one of the tools, not %j", async (streaming) => {
    const options = { agent: await openAgent(), target: TARGET, streaming: streaming as string[] };
    expect(() => signTools({ stream: { execute: count } }, options)).toThrow(
      expect.objectContaining({ name: "OptionError", option: "options.streaming" }),
    );
  });
});
