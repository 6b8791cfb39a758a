import { invalidOption } from "../../lib/option.js";
import { callSigner } from "./sign-call.js";
import type { CallSigner } from "./sign-call.js";
import type { SignToolsSettings } from "./options.js";
import { functionOf, refuseSigned, signing, toolObject, withMember } from "./wrap.js";

/** A function of a tool. */
export type Run = (...args: unknown[]) => unknown;

/**
 * Wraps `execute` of each tool of a record. Tools without one, which run elsewhere, are passed on as they are.
 *
 * @param wrap - Makes the function that signs and then calls `run`, which is the tool's own, bound to the tool.
 * @returns a new record; neither the old one nor its tools are changed.
 * @throws `OptionError` that names the tool: for what is no tool, or is wrapped already.
 *
 * @example
 * ```ts
 * const signed = signRecord(tools, settings, (sign, run) => async (input) => run(await sign(input, undefined, undefined)));
 * ```
 */
export function signRecord<Tools extends object>(
  tools: Tools,
  settings: SignToolsSettings,
  wrap: (sign: CallSigner, run: Run, name: string, execute: Run) => Run,
): Tools {
  if (typeof tools !== "object" || tools === null || Array.isArray(tools)) {
    throw invalidOption("tools", "an object of tools by their names", tools);
  }
  const signed = Object.entries(tools).map(([name, member]: [string, unknown]) => {
    const path = `tools.${name}`;
    const tool = toolObject(member, path);
    const execute = functionOf(tool, "execute");
    if (execute === undefined) return [name, tool] as const;
    refuseSigned(execute, path);
    const run: Run = (...args) => Reflect.apply(execute, tool, args);
    const wrapped = signing(wrap(callSigner(settings, name, path), run, name, execute));
    return [name, withMember(tool, "execute", wrapped)] as const;
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- The same names, and each tool of the type that it had.
  return Object.fromEntries(signed) as Tools;
}
