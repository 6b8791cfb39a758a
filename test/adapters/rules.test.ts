import { describe, expect, it, vi } from "vitest";
import * as ai from "../../src/adapters/ai.js";
import type { SignToolsOptions } from "../../src/adapters/ai.js";
import * as langchain from "../../src/adapters/langchain.js";
import * as mastra from "../../src/adapters/mastra.js";
import * as openai from "../../src/adapters/openai-agents.js";
import { canonicalHash } from "../../src/crypto/canonical-json.js";
import { onRecord, openAgent, TARGET } from "./support.js";

type Run = (args: never) => unknown;
/** Calls a tool as its framework does. */
type Call = (args: unknown, callId?: unknown, signal?: AbortSignal) => Promise<unknown>;

/** What is the same for all frameworks: a tool `echo` that runs `run`, signed as `options` say. */
const ADAPTERS: Readonly<Record<string, (run: Run, options: SignToolsOptions) => Call>> = {
  ai: (run, options) => {
    const { echo } = ai.signTools({ echo: { execute: run } }, options);
    return async (args, toolCallId, abortSignal) =>
      await (echo.execute as (...args: unknown[]) => unknown)(args, {
        toolCallId,
        abortSignal,
        messages: [],
      });
  },
  langchain: (run, options) => {
    const [echo] = langchain.signTools([{ name: "echo", _call: run }], options);
    return async (args, id, signal) =>
      await (echo._call as (...args: unknown[]) => unknown)(args, undefined, { toolCall: { id }, signal });
  },
  "openai-agents": (run, options) => {
    const invoke = async (_: unknown, input: string): Promise<unknown> =>
      await run(JSON.parse(input) as never);
    const [echo] = openai.signTools([{ type: "function", name: "echo", invoke }], options);
    return async (args, callId, signal) =>
      await (echo.invoke as (...args: unknown[]) => Promise<unknown>)({}, JSON.stringify(args), {
        toolCall: { callId },
        signal,
      });
  },
  mastra: (run, options) => {
    const { echo } = mastra.signTools({ echo: { id: "echo-tool", execute: run } }, options);
    return async (args, toolCallId, abortSignal) =>
      await (echo.execute as (...args: unknown[]) => unknown)(args, { agent: { toolCallId }, abortSignal });
  },
};

/** Those that hand the tool a value, and not its text. */
const WITH_VALUES = Object.keys(ADAPTERS).filter((name) => name !== "openai-agents");

function adapter(name: string): (run: Run, options: SignToolsOptions) => Call {
  return ADAPTERS[name] as (run: Run, options: SignToolsOptions) => Call;
}

describe.each(Object.keys(ADAPTERS))("a tool signed for %s", (name) => {
  const wrap = adapter(name);

  it("runs on what was signed, and has its receipt on record by then", async () => {
    const agent = await openAgent();
    const run = vi.fn(async (args: unknown) => ({ args, found: await onRecord(agent) }));
    const result = await wrap(run, { agent, target: TARGET, session: "s" })({ city: "Riga" }, "call_1");
    const [receipt] = await onRecord(agent);
    expect(result).toEqual({ args: { city: "Riga" }, found: [receipt] });
    expect(receipt).toMatchObject({
      action: { tool: "echo", params: { city: "Riga" }, target: TARGET, session: "s", call_id: "call_1" },
    });
    expect(agent.verify(receipt)).toBe(true);
  });

  it("does not run once its agent is closed", async () => {
    const agent = await openAgent();
    const run = vi.fn();
    const call = wrap(run, { agent, target: TARGET });
    await agent.close();
    await expect(call({ city: "Riga" })).rejects.toMatchObject({ code: "agent_closed" });
    expect(run).not.toHaveBeenCalled();
  });

  it("does not run where its call cannot be put on record", async () => {
    const agent = await openAgent({ audit: "/dev/null/audit" });
    const run = vi.fn();
    const told = vi.fn();
    const call = wrap(run, { agent, target: TARGET, onReceipt: told });
    await expect(call({ key: "s3cret" })).rejects.toMatchObject({ name: "AuditLogError" });
    await expect(call({ key: "s3cret" })).rejects.not.toThrow("s3cret");
    expect([run, told].map(({ mock }) => mock.calls.length)).toEqual([0, 0]);
  });

  it("does not run when it was cancelled meanwhile", async () => {
    const agent = await openAgent();
    const run = vi.fn();
    const controller = new AbortController();
    const calling = wrap(run, { agent, target: TARGET })({}, "call_1", controller.signal);
    controller.abort(new Error("too slow"));
    await expect(calling).rejects.toThrow("too slow");
    expect(run).not.toHaveBeenCalled();
  });

  it("cannot change its receipt by writing to its arguments", async () => {
    const agent = await openAgent();
    const run = (args: { list: number[] }): number => args.list.push(4);
    const receipts: unknown[] = [];
    const onReceipt = ({ receipt }: { receipt: unknown }): unknown => receipts.push(receipt);
    expect(await wrap(run, { agent, target: TARGET, onReceipt })({ list: [1, 2, 3] })).toBe(4);
    expect(receipts).toMatchObject([{ action: { params: { list: [1, 2, 3] } } }]);
    expect(await onRecord(agent)).toEqual(receipts);
    expect(agent.verify(receipts[0])).toBe(true);
  });

  it("runs whatever becomes of its listener", async () => {
    const agent = await openAgent();
    const onReceipt = vi.fn(({ callId }: { callId: string | undefined }): unknown => {
      if (callId === "throws") throw new Error("listener");
      return callId === "rejects" ? Promise.reject(new Error("listener")) : new Promise(() => {});
    });
    const call = wrap(() => "ran", { agent, target: TARGET, onReceipt });
    for (const callId of ["throws", "rejects", "hangs"]) expect(await call({}, callId)).toBe("ran");
    const [receipt] = await onRecord(agent);
    expect(onReceipt.mock.calls[0]).toEqual([{ receipt, tool: "echo", callId: "throws" }]);
  });

  it("cannot be changed by its listener", async () => {
    const agent = await openAgent();
    const onReceipt = ({ receipt }: { receipt: object }): void => {
      (receipt as { action: { params: { city: string } } }).action.params.city = "Oslo";
    };
    const call = wrap((args) => args, { agent, target: TARGET, onReceipt });
    expect(await call({ city: "Riga" })).toEqual({ city: "Riga" });
  });

  it("hands on its result and its error as they are", async () => {
    const agent = await openAgent();
    const result = new Map();
    const error = new Error("no weather today");
    const call = wrap(
      ({ fails }: { fails: boolean }) => {
        if (fails) throw error;
        return result;
      },
      { agent, target: TARGET },
    );
    expect(await call({ fails: false })).toBe(result);
    expect(await call({ fails: true }).catch((thrown: unknown) => thrown)).toBe(error);
    expect(await onRecord(agent)).toHaveLength(2);
  });

  it("gets a receipt for each of its calls at once", async () => {
    const agent = await openAgent();
    const call = wrap(({ n }: { n: number }) => n, { agent, target: TARGET });
    const ids = ["a", "b", "c"];
    expect(await Promise.all(ids.map((id, n) => call({ n }, id)))).toEqual([0, 1, 2]);
    expect((await onRecord(agent)).map(({ action }) => [action.call_id, action.params])).toEqual(
      ids.map((id, n) => [id, { n }]),
    );
  });

  it.each([undefined, "", 7, null])("is signed without the id of the call where it is %j", async (callId) => {
    const agent = await openAgent();
    await wrap(() => 1, { agent, target: TARGET })({}, callId);
    expect((await onRecord(agent))[0]?.action).not.toHaveProperty("call_id");
  });

  it("tells only the hash of its arguments, or encrypts them in the log, where that is said", async () => {
    const agent = await openAgent();
    const receipts: object[] = [];
    const onReceipt = ({ receipt }: { receipt: object }): unknown => receipts.push(receipt);
    await wrap(() => 1, { agent, target: TARGET, onReceipt, hashOnly: true })({ key: "s3cret" });
    await wrap(() => 1, { agent, target: TARGET, onReceipt, encryptParams: true })({ key: "s3cret" });
    const params_hash = canonicalHash({ key: "s3cret" });
    expect(receipts).toMatchObject([
      { action: { params: null, params_hash } },
      { action: { params: { key: "s3cret" }, params_hash } },
    ]);
    const found = await onRecord(agent);
    expect(found).toHaveLength(2);
    expect(JSON.stringify(found)).not.toContain("s3cret");
  });

  it("is for the target that a function tells by its name", async () => {
    const agent = await openAgent();
    const target = vi.fn((tool: string) => `mcp://${tool}`);
    const call = wrap(() => 1, { agent, target });
    await call({});
    await call({});
    expect((await onRecord(agent)).map(({ action }) => action.target)).toEqual(["mcp://echo", "mcp://echo"]);
    expect(target).toHaveBeenCalledTimes(1);
  });

  it.each<[string, object]>([
    ["options.agent", { agent: undefined }],
    ["options.agent", { agent: {} }],
    ["options.target", { target: undefined }],
    ["options.target", { target: " " }],
    ["options.target()", { target: () => 7 }],
    ["options.session", { session: "" }],
    ["options.hashOnly", { hashOnly: 1 }],
    ["options.encryptParams", { encryptParams: "yes" }],
    ["options.onReceipt", { onReceipt: {} }],
    ["options.onReceipts", { onReceipts: () => 1 }],
  ])("is not made where %s is wrong", async (option, wrong) => {
    const options = { agent: await openAgent(), target: TARGET, ...wrong } as SignToolsOptions;
    expect(() => wrap(() => 1, options)).toThrow(expect.objectContaining({ name: "OptionError", option }));
  });
});

describe.each(WITH_VALUES)("the arguments of a tool signed for %s", (name) => {
  const wrap = adapter(name);

  it("are signed as JSON has them, without what is undefined", async () => {
    const agent = await openAgent();
    const call = wrap((args) => args, { agent, target: TARGET });
    const args = { city: "Riga", units: undefined, list: [{ a: undefined }], ["__proto__"]: 1 };
    const signed = { city: "Riga", list: [{}], ["__proto__"]: 1 };
    expect(JSON.stringify(await call(args))).toBe(JSON.stringify(signed));
    const [receipt] = await onRecord(agent);
    expect(receipt?.action.params_hash).toBe(canonicalHash(signed));
    expect(agent.verify(receipt)).toBe(true);
  });

  it.each<[string, unknown]>([
    ["not_json", { n: 1n }],
    ["not_json", { f: () => 1 }],
    ["not_json", { at: new Date(0) }],
    ["not_json", new Map()],
    ["not_json", { list: [undefined] }],
    [
      "not_json",
      Object.defineProperty({}, "a", {
        enumerable: true,
        get: () => {
          throw new Error("x");
        },
      }),
    ],
    ["non_finite", { n: Number.NaN }],
    ["unsafe_integer", { n: 2 ** 53 }],
    ["lone_surrogate", { s: "\ud800" }],
  ])("stop it when they are no JSON (%s)", async (code, args) => {
    const agent = await openAgent();
    const run = vi.fn();
    await expect(wrap(run, { agent, target: TARGET })(args)).rejects.toMatchObject({
      name: "CanonicalJsonError",
      code,
    });
    expect(run).not.toHaveBeenCalled();
    expect(await onRecord(agent)).toEqual([]);
  });

  it("stop it when they go round in circles", async () => {
    const args: { self?: unknown } = {};
    args.self = args;
    const run = vi.fn();
    const call = wrap(run, { agent: await openAgent(), target: TARGET });
    await expect(call(args)).rejects.toMatchObject({ code: "too_deep" });
    expect(run).not.toHaveBeenCalled();
  });

  it("cannot be exchanged while they are signed", async () => {
    const agent = await openAgent();
    const args = { city: "Riga" };
    const calling = wrap((given) => given, { agent, target: TARGET })(args);
    args.city = "Oslo";
    expect(await calling).toEqual({ city: "Riga" });
    expect((await onRecord(agent))[0]?.action.params).toEqual({ city: "Riga" });
  });

  it("may be none, or text", async () => {
    const agent = await openAgent();
    const call = wrap((given) => given, { agent, target: TARGET });
    expect([await call(undefined), await call("Riga")]).toEqual([undefined, "Riga"]);
    expect((await onRecord(agent)).map(({ action }) => action.params)).toEqual([{}, "Riga"]);
  });
});
