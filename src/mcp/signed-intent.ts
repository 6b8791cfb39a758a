import { isPlainObject, ownValue } from "../lib/json.js";
import type { JsonRecord } from "../lib/json.js";

export const TOOL_CALL = "tools/call";

/** Members of the params of any other request than a call that no receipt speaks for. */
const UNSIGNED_MEMBER = "_meta";

/**
 * What a receipt for a request has to have as its `action.tool`: for `tools/call` the tool's name, for any other method the
 * method. `undefined` if the call names no tool.
 */
export function signedTool(method: string, params: unknown): string | undefined {
  if (method !== TOOL_CALL) return method;
  const name = isPlainObject(params) ? ownValue(params, "name") : undefined;
  return typeof name === "string" ? name : undefined;
}

/**
 * What a receipt for a request has to have as its `action.params`: for `tools/call` the arguments (`{}` when there are none),
 * for any other method its params without `_meta`, which takes a copy of as many members as there are.
 */
export function signedParams(method: string, params: unknown): unknown {
  const members: JsonRecord = isPlainObject(params) ? params : {};
  if (method === TOOL_CALL) return ownValue(members, "arguments") ?? {};
  const { [UNSIGNED_MEMBER]: _, ...rest } = members;
  return rest;
}

/** Where {@link signedParams} are, to be measured before they are copied. */
export interface SignedMembers {
  readonly value: unknown;
  /** A member of the value that does not count. */
  readonly without: string | undefined;
}

export function signedMembers(method: string, params: unknown): SignedMembers {
  return method === TOOL_CALL
    ? { value: signedParams(method, params), without: undefined }
    : { value: isPlainObject(params) ? params : {}, without: UNSIGNED_MEMBER };
}

/**
 * Methods of MCP that take requests. A tool of such a name is refused: one receipt would fit the call of the tool
 * and the request.
 */
const PROTOCOL_METHODS: ReadonlySet<string> = new Set([
  "completion/complete",
  "elicitation/create",
  "initialize",
  "logging/setLevel",
  "ping",
  "prompts/get",
  "prompts/list",
  "resources/list",
  "resources/read",
  "resources/subscribe",
  "resources/templates/list",
  "resources/unsubscribe",
  "roots/list",
  "sampling/createMessage",
  "server/discover",
  "subscriptions/listen",
  "tasks/cancel",
  "tasks/get",
  "tasks/list",
  "tasks/result",
  "tasks/update",
  "tools/call",
  "tools/list",
]);

export function isProtocolMethod(name: string): boolean {
  return PROTOCOL_METHODS.has(name);
}
