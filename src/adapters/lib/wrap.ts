import { OptionError } from "../../errors.js";
import { invalidOption } from "../../lib/option.js";

/** On each function that signs. Of the realm, so that it holds across copies of this package. */
const SIGNS: unique symbol = Symbol.for("signet-mcp.signs-tool-calls");

/**
 * Marks a function that signs the call before it runs the tool, so that it is not wrapped again.
 *
 * @returns the function.
 *
 * @example
 * ```ts
 * const execute = signing(async (args: unknown) => run(await sign(args, undefined, undefined)));
 * ```
 */
export function signing<Run extends (...args: never[]) => unknown>(run: Run): Run {
  return Object.defineProperty(run, SIGNS, { value: true });
}

/**
 * Refuses a tool that is wrapped already: its calls would be signed twice.
 *
 * @throws `OptionError` `invalid_option` that names the tool.
 *
 * @example
 * ```ts
 * refuseSigned(tool.execute, "tools.get_weather");
 * ```
 */
export function refuseSigned(run: object, path: string): void {
  if (!(SIGNS in run)) return;
  throw new OptionError(
    "invalid_option",
    path,
    `${path} is wrapped by signTools already, and its calls would be signed twice; pass the tool itself`,
  );
}

/**
 * Copies a tool with another function in the place of one of its own. Prototype, symbols and getters stay as they are, and the tool is
 * not changed.
 *
 * @example
 * ```ts
 * const signed = withMember(tool, "execute", execute);
 * ```
 */
export function withMember<Tool extends object>(tool: Tool, name: string, value: unknown): Tool {
  const prototype: object | null = Object.getPrototypeOf(tool);
  const copy: Tool = Object.create(prototype, {
    ...Object.getOwnPropertyDescriptors(tool),
    [name]: { value, enumerable: true, configurable: true, writable: true },
  });
  return copy;
}

/**
 * Reads a member that is a function.
 *
 * @returns `undefined` when it is not there or no function.
 *
 * @example
 * ```ts
 * const execute = functionOf(tool, "execute");
 * ```
 */
export function functionOf(tool: object, name: string): ((...args: unknown[]) => unknown) | undefined {
  const member: unknown = Reflect.get(tool, name);
  return isFunction(member) ? member : undefined;
}

/**
 * Reads one of the tools.
 *
 * @throws `OptionError` `invalid_option` when it is no object.
 *
 * @example
 * ```ts
 * const tool = toolObject(tools[0], "tools[0]");
 * ```
 */
export function toolObject(tool: unknown, path: string): object {
  if (typeof tool === "object" && tool !== null) return tool;
  throw invalidOption(path, "a tool", tool);
}

function isFunction(value: unknown): value is (...args: unknown[]) => unknown {
  return typeof value === "function";
}
