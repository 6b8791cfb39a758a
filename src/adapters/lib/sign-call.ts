import { signedTextOption } from "../../lib/option.js";
import { MAX_NAME_LENGTH } from "../../receipt/limits.js";
import { jsonArguments } from "./json-arguments.js";
import type { SignToolsSettings } from "./options.js";

/**
 * Signs one call, and puts it on record.
 *
 * @param args - What the model gave the tool.
 * @param callId - Id that the framework tells of the call. What is no text, or an empty one, is none.
 * @param signal - The framework's `AbortSignal`. What is none is ignored.
 * @returns the arguments to run the tool with: a copy that is equal to what was signed, whatever became of `args` since. Rejects when the
 * call could not be signed and put on record, or was cancelled meanwhile, and then the tool must not run.
 */
export type CallSigner = (args: unknown, callId: unknown, signal: unknown) => Promise<unknown>;

/**
 * Makes the signer of one tool's calls.
 *
 * @param name - The tool's name, as the model calls it.
 * @param path - Where the tool stands among the options, for an error.
 * @throws `OptionError` for a name or a target that no receipt can hold.
 *
 * @example
 * ```ts
 * const sign = callSigner(settings, "get_weather", "tools.get_weather");
 * const args = await sign({ city: "Riga" }, "call_1", undefined);
 * ```
 */
export function callSigner(settings: SignToolsSettings, name: unknown, path: string): CallSigner {
  const tool = signedTextOption(name, path, "a tool with a name", MAX_NAME_LENGTH);
  const { agent, session, hashOnly, encryptParams, onReceipt } = settings;
  const target = settings.targetOf(tool);
  return async (args, id, signal) => {
    // Two copies: the receipt, which a listener holds, has nothing in common with what the tool may write to.
    const signed = jsonArguments(args);
    const given = jsonArguments(signed);
    const callId = typeof id === "string" && id !== "" ? id : undefined;
    const receipt = await agent.sign(tool, signed, { target, session, hashOnly, encryptParams, callId });
    void tell(onReceipt, { receipt, tool, callId });
    if (signal instanceof AbortSignal) signal.throwIfAborted();
    return given;
  };
}

async function tell<Told>(listener: (told: Told) => unknown, told: Told): Promise<void> {
  try {
    await listener(told);
  } catch {
    // The call is on record: what a listener makes of it is its own matter.
  }
}
