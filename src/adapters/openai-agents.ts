/** Signed tool calls for the OpenAI Agents SDK: the packages `@openai/agents` and `@openai/agents-core`. */

import { OptionError } from "../errors.js";
import { callSigner } from "./lib/sign-call.js";
import { readSignToolsOptions } from "./lib/options.js";
import type { SignToolsOptions, SignToolsSettings } from "./lib/options.js";
import { signList } from "./lib/tool-list.js";
import { functionOf, refuseSigned, signing, withMember } from "./lib/wrap.js";

export type { SignedToolCall, SignToolsOptions } from "./lib/options.js";

/**
 * Signs every call of function tools before it runs: the tool's name, the JSON that the model gave, and the id of the call. A tool of
 * which the call cannot be signed and put on record does not run, and the run fails with the error: no `errorFunction` turns it into an
 * answer for the model. Input that is no JSON is signed as text.
 *
 * Hosted tools, which the provider runs, are passed on unsigned. Never changes the tools that it is given. What `asTool` of an agent
 * made is best left out, and that agent's own tools signed: the SDK knows it by the object, and cannot resume a run that was stored while
 * the agent waited for approval when that object is another.
 *
 * @param tools - What `tool()` made, and hosted tools.
 * @param options - Who signs, and what for.
 * @returns the same tools in the same order, of the same type.
 * @throws `OptionError` that names the option or the tool: for what is no tool, is wrapped already, or acts here by other means than
 * `invoke` (`computerTool`, `applyPatchTool`, and `shellTool` with a shell of its own), so that it cannot be signed. The caller's mistake.
 *
 * @example
 * ```ts
 * import { Agent, run, tool } from "@openai/agents";
 * import { SigningAgent } from "signet-mcp";
 * import { signTools } from "signet-mcp/openai-agents";
 * import { z } from "zod";
 *
 * const agent = await SigningAgent.open("my-agent");
 * const weather = tool({
 *   name: "weather",
 *   description: "Tells the weather",
 *   parameters: z.object({ city: z.string() }),
 *   execute: ({ city }) => `It rains in ${city}.`,
 * });
 * const tools = signTools([weather], { agent, target: "mcp://weather" });
 * await run(new Agent({ name: "bot", tools }), "Is it raining in Riga?");
 * ```
 */
export function signTools<Tools extends readonly object[] | []>(
  tools: Tools,
  options: SignToolsOptions,
): Tools {
  const settings = readSignToolsOptions(options);
  return signList(tools, (tool, path) => signTool(tool, path, settings));
}

/** What the SDK knows of a tool, of which this is a part. */
interface KnownTool {
  readonly type?: unknown;
  readonly name?: unknown;
  readonly shell?: unknown;
}

function signTool(tool: KnownTool, path: string, settings: SignToolsSettings): object {
  refuseUnsignable(tool, path);
  const invoke = functionOf(tool, "invoke");
  if (tool.type !== "function" || invoke === undefined) return tool;
  refuseSigned(invoke, path);
  const sign = callSigner(settings, tool.name, `${path}.name`);
  const signed = signing(async (context: unknown, input: unknown, details: unknown, ...rest: unknown[]) => {
    const { toolCall, signal } = detailsOf(details);
    const args = await sign(readInput(input), toolCall?.callId, signal);
    // The text itself, which nobody can have changed: the tool reads it as it was read here.
    return Reflect.apply(invoke, tool, [context, typeof input === "string" ? input : args, details, ...rest]);
  });
  return withMember(tool, "invoke", signed);
}

/** What acts on this machine by a method other than `invoke` is not let through as if it were signed. */
function refuseUnsignable({ type, shell }: KnownTool, path: string): void {
  const actsHere = type === "computer" || type === "apply_patch" || (type === "shell" && shell !== undefined);
  if (!actsHere) return;
  throw new OptionError(
    "unsupported_option",
    path,
    `${path} is a tool of type ${type}, of which calls cannot be signed; keep it out of signTools`,
  );
}

function readInput(input: unknown): unknown {
  if (typeof input !== "string") return input;
  try {
    return JSON.parse(input);
  } catch {
    return input;
  }
}

interface CallDetails {
  readonly toolCall?: { readonly callId?: unknown } | undefined;
  readonly signal?: unknown;
}

function detailsOf(details: unknown): CallDetails {
  return typeof details === "object" && details !== null ? details : {};
}
