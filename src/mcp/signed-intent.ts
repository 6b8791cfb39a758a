import { isPlainObject, ownValue } from "../lib/json.js";
import type { JsonRecord } from "../lib/json.js";

/** What of a request the agent's receipt speaks for. */
export interface SignedIntent {
  /** The receipt's `action.tool`: the tool's name, or for any other method the method. `undefined` if the call names none. */
  readonly tool: string | undefined;
  /** The receipt's `action.params`. */
  readonly params: unknown;
}

export const TOOL_CALL = "tools/call";

/**
 * Tells what a receipt for a request has to say: for `tools/call` the tool and its arguments (`{}` when there are
 * none), for any other method the method itself and its params without `_meta`.
 */
export function signedIntent(method: string, params: unknown): SignedIntent {
  const members: JsonRecord = isPlainObject(params) ? params : {};
  if (method === TOOL_CALL) {
    const name = ownValue(members, "name");
    return {
      tool: typeof name === "string" ? name : undefined,
      params: ownValue(members, "arguments") ?? {},
    };
  }
  const { _meta: _, ...rest } = members;
  return { tool: method, params: rest };
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
