import { invalidOption } from "../../lib/option.js";
import { toolObject } from "./wrap.js";

/**
 * Wraps each tool of a list.
 *
 * @param wrap - Gives the tool that takes the place of another, or that tool itself. `path` names it in an error.
 * @returns a new list.
 * @throws `OptionError` for what is no list, or holds what is no object; and whatever `wrap` throws.
 *
 * @example
 * ```ts
 * const signed = signList(tools, (tool, path) => signOne(tool, path));
 * ```
 */
export function signList<Tools extends readonly object[]>(
  tools: Tools,
  wrap: (tool: object, path: string) => object,
): Tools {
  if (!Array.isArray(tools)) throw invalidOption("tools", "a list of tools", tools);
  const signed: readonly object[] = tools.map((tool: unknown, i) => {
    const path = `tools[${i}]`;
    return wrap(toolObject(tool, path), path);
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- As many, and each tool of the type that it had.
  return signed as Tools;
}
