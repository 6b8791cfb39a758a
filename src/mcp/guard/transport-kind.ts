/** What a transport is, by what it can do: names of classes do not survive bundlers. */
export type TransportKind = "http" | "memory" | "stdio" | "unknown";

export function transportKind(transport: object): TransportKind {
  if (["handleRequest", "handleMessage", "handlePostMessage"].some((name) => hasMethod(transport, name)))
    return "http";
  if (Reflect.has(transport, "_otherTransport") || Reflect.has(transport, "_messageQueue")) return "memory";
  const wire: unknown = Reflect.get(transport, "_wire");
  if (isObject(wire)) return transportKind(wire);
  const input: unknown = Reflect.get(transport, "_stdin");
  const output: unknown = Reflect.get(transport, "_stdout");
  if (isObject(input) && isObject(output) && hasMethod(input, "on") && hasMethod(output, "write"))
    return "stdio";
  return "unknown";
}

/** Tells whether a transport serves the requests of a session, each of which has a way back of its own. */
export function hasSession(transport: object): boolean {
  return hasMethod(transport, "handleRequest") && typeof Reflect.get(transport, "sessionId") === "string";
}

function hasMethod(value: object, name: string): boolean {
  return typeof Reflect.get(value, name) === "function";
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
