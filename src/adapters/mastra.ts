/** Signed tool calls for Mastra: the package `@mastra/core`. */

import { readSignToolsOptions } from "./lib/options.js";
import type { SignToolsOptions } from "./lib/options.js";
import { signRecord } from "./lib/tool-record.js";

export type { SignedToolCall, SignToolsOptions } from "./lib/options.js";

/**
 * Signs every call of Mastra's tools before it runs: the tool's name, which is its key as in `new Agent({ tools })`, its input, and the id
 * of the call where an agent made it. A tool of which the call cannot be signed and put on record does not run; Mastra is thrown the
 * error, as if it were the tool's.
 *
 * What an agent calls is signed as the schema left it; where `execute` is called directly, the tool applies its schema afterwards. A call
 * that was suspended runs again when it is resumed, and is signed again. Tools without `execute` are passed on unsigned. Never changes
 * the tools that it is given.
 *
 * @param tools - What `createTool` made, by their names.
 * @param options - Who signs, and what for.
 * @returns the same tools by the same names, of the same type. They run on a copy of the input that is equal to what was signed.
 * @throws `OptionError` that names the option or the tool: for what is no tool, or is wrapped already. The caller's mistake.
 *
 * @example
 * ```ts
 * import { Agent } from "@mastra/core/agent";
 * import { createTool } from "@mastra/core/tools";
 * import { SigningAgent } from "signet-mcp";
 * import { signTools } from "signet-mcp/mastra";
 * import { z } from "zod";
 *
 * const agent = await SigningAgent.open("my-agent");
 * const weather = createTool({
 *   id: "weather",
 *   description: "Tells the weather",
 *   inputSchema: z.object({ city: z.string() }),
 *   execute: async ({ city }) => `It rains in ${city}.`,
 * });
 * const tools = signTools({ weather }, { agent, target: "mcp://weather" });
 * await new Agent({ id: "bot", name: "bot", instructions: "Be brief.", model, tools }).generate("Is it raining in Riga?");
 * ```
 */
export function signTools<Tools extends Readonly<Record<string, object>>>(
  tools: Tools,
  options: SignToolsOptions,
): Tools {
  return signRecord(tools, readSignToolsOptions(options), (sign, run) => async (input, context, ...rest) => {
    const { toolCallId, agent, abortSignal } = membersOf(context);
    const args = await sign(input, membersOf(agent).toolCallId ?? toolCallId, abortSignal);
    return run(args, context, ...rest);
  });
}

/** What Mastra tells of a call, of which this is a part. To tools of the AI SDK it tells the id as the AI SDK does. */
interface CallContext {
  readonly toolCallId?: unknown;
  readonly agent?: unknown;
  readonly abortSignal?: unknown;
}

function membersOf(context: unknown): CallContext {
  return typeof context === "object" && context !== null ? context : {};
}
