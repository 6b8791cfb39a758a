/** Signed tool calls for the Vercel AI SDK: the package `ai`. */

import { invalidOption } from "../lib/option.js";
import { readSignToolsOptions } from "./lib/options.js";
import type { SignToolsOptions } from "./lib/options.js";
import type { CallSigner } from "./lib/sign-call.js";
import { signRecord } from "./lib/tool-record.js";
import type { Run } from "./lib/tool-record.js";

export type { SignedToolCall, SignToolsOptions } from "./lib/options.js";

/** How the calls of the AI SDK's tools are signed. */
export interface SignAiToolsOptions extends SignToolsOptions {
  /**
   * Names of tools that stream their output although their `execute` is no `async function*`, but a function that returns an async
   * iterable. Of such a tool that is not named here, the last output alone comes through. Default: none.
   */
  readonly streaming?: readonly string[] | undefined;
}

/**
 * Signs every call of the AI SDK's tools before it runs: the tool's name, the input as its schema left it, and the id of the call. A tool
 * of which the call cannot be signed and put on record does not run; the SDK is thrown the error, as if it were the tool's.
 *
 * Tools without `execute`, which the client or the provider runs, are passed on unsigned. Never changes the tools that it is given.
 *
 * @param tools - A `ToolSet`. What a schema makes of the input has to be JSON: the calls of a tool with a `Date` in its input are refused.
 * @param options - Who signs, and what for.
 * @returns the same tools by the same names, of the same type. They run on a copy of the input that is equal to what was signed.
 * What `execute` gave at once it gives later: a call of your own has to be awaited.
 * @throws `OptionError` that names the option or the tool: for what is no tool, or is wrapped already. The caller's mistake.
 *
 * @example
 * ```ts
 * import { generateText, tool } from "ai";
 * import { SigningAgent } from "signet-mcp";
 * import { signTools } from "signet-mcp/ai";
 * import { z } from "zod";
 *
 * const agent = await SigningAgent.open("my-agent");
 * const weather = tool({ inputSchema: z.object({ city: z.string() }), execute: ({ city }) => `It rains in ${city}.` });
 * const tools = signTools({ weather }, { agent, target: "mcp://weather" });
 * await generateText({ model, tools, prompt: "Is it raining in Riga?" });
 * ```
 */
export function signTools<Tools extends Readonly<Record<string, object>>>(
  tools: Tools,
  options: SignAiToolsOptions,
): Tools {
  const settings = readSignToolsOptions(options, ["streaming"]);
  const streaming = readStreaming(options.streaming, tools);
  return signRecord(tools, settings, (sign, run, name, execute) =>
    isAsyncGenerator(execute) || streaming.includes(name) ? signStream(sign, run) : signOutput(sign, run),
  );
}

/** The SDK takes what `execute` returns for a stream or not before the call is signed, so that has to be known beforehand. */
function isAsyncGenerator(run: Run): boolean {
  return Object.prototype.toString.call(run) === "[object AsyncGeneratorFunction]";
}

function signStream(sign: CallSigner, run: Run): Run {
  return async function* (input, options, ...rest) {
    const output = run(await signInput(sign, input, options), options, ...rest);
    if (isAsyncIterable(output)) yield* output;
    else yield await output;
  };
}

function signOutput(sign: CallSigner, run: Run): Run {
  return async (input, options, ...rest) => {
    const output = run(await signInput(sign, input, options), options, ...rest);
    if (!isAsyncIterable(output)) return output;
    let last: unknown;
    for await (last of output);
    return last;
  };
}

function signInput(sign: CallSigner, input: unknown, options: unknown): Promise<unknown> {
  const { toolCallId, abortSignal } = callOptions(options);
  return sign(input, toolCallId, abortSignal);
}

/** What the SDK tells of a call, of which this is a part. */
function callOptions(options: unknown): { readonly toolCallId?: unknown; readonly abortSignal?: unknown } {
  return typeof options === "object" && options !== null ? options : {};
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

function readStreaming(names: unknown, tools: object): readonly string[] {
  if (names === undefined) return [];
  const isName = (name: unknown): name is string =>
    typeof name === "string" && Object.hasOwn(Object(tools), name);
  if (Array.isArray(names) && names.every(isName)) return names;
  throw invalidOption("options.streaming", "a list of names of the tools", names);
}
