import { isPlainObject, ownValue } from "../lib/json.js";
import type { JsonRecord } from "../lib/json.js";

/** What a JSON-RPC message is, as far as a guard or a signing transport has to know. */

export type RequestId = string | number;

export type Message =
  | {
      readonly kind: "request";
      readonly id: RequestId;
      readonly method: string;
      readonly params: unknown;
      readonly raw: JsonRecord;
    }
  | {
      readonly kind: "notification";
      readonly method: string;
      readonly params: unknown;
      readonly raw: JsonRecord;
    }
  /** An answer. `id` is whatever its sender wrote. */
  | { readonly kind: "response"; readonly id: unknown; readonly raw: JsonRecord }
  /** Nothing that an SDK hands to a handler, such as a request whose id is `null`. */
  | { readonly kind: "other"; readonly method?: string };

/** Tells what a message is. Never throws. */
export function classifyMessage(raw: unknown): Message {
  if (!isPlainObject(raw)) return { kind: "other" };
  const method = ownValue(raw, "method");
  const id = ownValue(raw, "id");
  if (typeof method === "string") {
    const params = ownValue(raw, "params");
    if (isRequestId(id)) return { kind: "request", id, method, params, raw };
    return Object.hasOwn(raw, "id")
      ? { kind: "other", method }
      : { kind: "notification", method, params, raw };
  }
  const answers = Object.hasOwn(raw, "result") || Object.hasOwn(raw, "error");
  return answers ? { kind: "response", id, raw } : { kind: "other" };
}

/**
 * Tells whether a request is one to the letter: both SDKs silently drop what has other members than these, and to one that is
 * dropped there is never an answer.
 */
export function isExactRequest(raw: JsonRecord): boolean {
  return ownValue(raw, "jsonrpc") === "2.0" && Object.keys(raw).every((name) => REQUEST_MEMBERS.has(name));
}

const REQUEST_MEMBERS: ReadonlySet<string> = new Set(["jsonrpc", "id", "method", "params"]);

/** Tells whether a value is an id as both SDKs take it. A request with another one would run up against them unanswered. */
export function isRequestId(value: unknown): value is RequestId {
  return typeof value === "string" || Number.isSafeInteger(value);
}

/** A JSON-RPC error answer with a machine-readable reason in `data`. */
export interface ErrorAnswer {
  readonly jsonrpc: "2.0";
  readonly id: RequestId;
  readonly error: { readonly code: number; readonly message: string; readonly data: JsonRecord };
}

export function errorAnswer(id: RequestId, code: number, message: string, data: JsonRecord): ErrorAnswer {
  return { jsonrpc: "2.0", id, error: { code, message, data } };
}

/** JSON-RPC: invalid params. The code of every refusal: both SDKs answer it in band, and MCP reserves most others. */
export const REFUSED = -32602;

/** JSON-RPC: internal error. */
export const INTERNAL_ERROR = -32603;

/** The value as it would come over a wire, or `undefined` when it has no JSON form. */
export function asJson(value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value));
  } catch {
    return undefined;
  }
}
