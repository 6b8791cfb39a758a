/** Signed tool calls for LangChain and LangGraph: tools of `@langchain/core`. */

import { invalidOption } from "../lib/option.js";
import { callSigner } from "./lib/sign-call.js";
import { readSignToolsOptions } from "./lib/options.js";
import type { SignToolsOptions, SignToolsSettings } from "./lib/options.js";
import { signList } from "./lib/tool-list.js";
import type { Run } from "./lib/tool-record.js";
import { functionOf, refuseSigned, signing } from "./lib/wrap.js";

export type { SignedToolCall, SignToolsOptions } from "./lib/options.js";

/**
 * Signs every call of LangChain's tools before it runs: the tool's name, the arguments as its schema left them, and the id of the call
 * where there is one. A tool of which the call cannot be signed and put on record does not run; LangChain is thrown the error, as if it
 * were the tool's.
 *
 * Plain records, which stand for tools that the provider runs, are passed on unsigned. Never changes the tools that it is given: each
 * result is a proxy of one, so it is an instance of the same class, with the same callbacks, schema and settings.
 *
 * @param tools - What `tool()` made, and other instances of `StructuredTool`. What a schema makes of the arguments has to be JSON: the
 * calls of a tool with a `Date` among them are refused.
 * @param options - Who signs, and what for.
 * @returns the same tools in the same order, of the same type. They run on a copy of the arguments that is equal to what was signed.
 * @throws `OptionError` that names the option or the tool: for what is wrapped already, or runs by other means than `_call`, as what
 * `asTool` of a `Runnable` makes. The caller's mistake.
 *
 * @example
 * ```ts
 * import { tool } from "@langchain/core/tools";
 * import { SigningAgent } from "signet-mcp";
 * import { signTools } from "signet-mcp/langchain";
 * import { z } from "zod";
 *
 * const agent = await SigningAgent.open("my-agent");
 * const schema = z.object({ city: z.string() });
 * const weather = tool(({ city }) => `It rains in ${city}.`, { name: "weather", description: "Tells the weather", schema });
 * const tools = signTools([weather], { agent, target: "mcp://weather" });
 * const { tool_calls } = await model.bindTools(tools).invoke("Is it raining in Riga?");
 * ```
 */
export function signTools<Tools extends readonly object[] | []>(
  tools: Tools,
  options: SignToolsOptions,
): Tools {
  const settings = readSignToolsOptions(options);
  return signList(tools, (tool, path) => signTool(tool, path, settings));
}

function signTool(tool: { readonly name?: unknown }, path: string, settings: SignToolsSettings): object {
  const run = functionOf(tool, "_call");
  if (run === undefined) {
    if (functionOf(tool, "invoke") === undefined) return tool;
    throw invalidOption(
      path,
      "a StructuredTool, such as tool() makes, as the calls of others cannot be signed",
      tool,
    );
  }
  refuseSigned(run, path);
  const sign = callSigner(settings, tool.name, `${path}.name`);
  const signed = signing(async (args: unknown, manager: unknown, config: unknown, ...rest: unknown[]) => {
    const { toolCall, signal } = configOf(config);
    return Reflect.apply(run, tool, [await sign(args, toolCall?.id, signal), manager, config, ...rest]);
  });
  return withMethods(tool, { _call: signed, call: tellingCallId(functionOf(tool, "call")) });
}

/**
 * A proxy of a tool with other methods in the place of some of its own. All that the tool reads of itself it reads as ever, private
 * members too.
 */
function withMethods(tool: object, methods: Readonly<Record<string, Run | undefined>>): object {
  const own = (key: string | symbol): Run | undefined =>
    typeof key === "string" && Object.hasOwn(methods, key) ? methods[key] : undefined;
  return new Proxy(tool, {
    get: (target, key) => own(key) ?? Reflect.get(target, key, target),
    getOwnPropertyDescriptor: (target, key) => {
      const descriptor = Reflect.getOwnPropertyDescriptor(target, key);
      const method = own(key);
      if (descriptor === undefined || method === undefined) return descriptor;
      const { configurable = false, enumerable = false } = descriptor;
      return { value: method, writable: true, configurable, enumerable };
    },
  });
}

/** `call`, which takes a whole `ToolCall` too, but does not tell the tool of it as `invoke` does. */
function tellingCallId(call: Run | undefined): Run | undefined {
  return call === undefined
    ? undefined
    : function (this: unknown, arg, config, ...rest) {
        const told = isToolCall(arg) && isPlainConfig(config) ? { toolCall: arg, ...config } : config;
        return Reflect.apply(call, this, [arg, told, ...rest]);
      };
}

function isToolCall(arg: unknown): arg is object {
  return typeof arg === "object" && arg !== null && "type" in arg && arg.type === "tool_call" && "id" in arg;
}

/** No list of callbacks and no manager of them, which LangChain takes in the place of a config. */
function isPlainConfig(config: unknown): config is object | undefined {
  return (
    config === undefined ||
    (typeof config === "object" && config !== null && !Array.isArray(config) && !("copy" in config))
  );
}

interface CallConfig {
  readonly toolCall?: { readonly id?: unknown } | undefined;
  readonly signal?: unknown;
}

function configOf(config: unknown): CallConfig {
  return typeof config === "object" && config !== null ? config : {};
}
