import { describe, expect, it } from "vitest";
import { signTools } from "../../src/adapters/mastra.js";
import { onRecord, openAgent, TARGET } from "./support.js";

interface Context {
  readonly agent?: { readonly toolCallId: string };
  readonly toolCallId?: string;
}

/** In the shape of what `createTool` makes: `execute` is a member of the instance, made in the constructor. */
class EchoTool {
  readonly id = "echo-tool";
  mastra: unknown;
  readonly execute: (input: unknown, context?: Context) => Promise<unknown> = async (input, context) => [
    this.id,
    input,
    context,
  ];
}

describe("a Mastra tool", () => {
  it.each<[string, Context | undefined, string | undefined]>([
    ["an agent", { agent: { toolCallId: "call_1" } }, "call_1"],
    ["an agent that is the AI SDK's", { toolCallId: "call_2" }, "call_2"],
    ["a workflow", {}, undefined],
    ["a caller of its own", undefined, undefined],
  ])("is signed by its key when called by %s", async (_, context, callId) => {
    const agent = await openAgent();
    const signed = signTools({ echo: new EchoTool() }, { agent, target: TARGET });
    const result = (await signed.echo.execute({ city: "Riga" }, context)) as unknown[];
    expect(result).toEqual(["echo-tool", { city: "Riga" }, context]);
    expect(result[2]).toBe(context);
    expect((await onRecord(agent)).map(({ action }) => [action.tool, action.call_id])).toEqual([
      ["echo", callId],
    ]);
  });

  it("stays an instance of its class, and can be written to without the original", async () => {
    const echo = new EchoTool();
    const signed = signTools({ echo }, { agent: await openAgent(), target: TARGET });
    expect(signed.echo).toBeInstanceOf(EchoTool);
    signed.echo.mastra = {};
    expect(echo.mastra).toBeUndefined();
  });

  it("without execute is passed on, and a signed one is not signed twice", async () => {
    const options = { agent: await openAgent(), target: TARGET };
    const search = { id: "acme.search", type: "provider" };
    const signed = signTools({ search, echo: new EchoTool() }, options);
    expect(signed.search).toBe(search);
    expect(() => signTools(signed, options)).toThrow(
      expect.objectContaining({ name: "OptionError", option: "tools.echo" }),
    );
  });
});
