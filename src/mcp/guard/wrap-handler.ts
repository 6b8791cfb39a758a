import { GuardError } from "../../errors.js";
import { isPlainObject, ownValue } from "../../lib/json.js";
import type { JsonRecord } from "../../lib/json.js";
import { REFUSALS } from "../../verify/refusals.js";
import type { RefusalCode } from "../../verify/refusals.js";
import { reject } from "../../verify/verdict.js";
import type { Rejected } from "../../verify/verdict.js";
import type { Verified } from "../../verify/verify-call.js";
import { CANCELLED } from "./audit/outcomes.js";
import { CallScope, currentScope, NO_CALL, runInScope } from "./call-scope.js";
import { signAnswer } from "./call-answer.js";
import type { GuardCore } from "./core.js";
import type { RunningCall } from "./in-flight.js";
import { INTERNAL_ERROR, REFUSED } from "../message.js";
import { signedTool, TOOL_CALL } from "../signed-intent.js";

/** A request handler of either SDK: takes the request, and what the SDK knows of it. */
export type CallHandler<Request, Extra, Result> = (
  request: Request,
  extra: Extra,
) => Result | Promise<Result>;

/** A refusal, thrown for the SDK to turn into a JSON-RPC error. */
class CallRefusedError extends Error {
  readonly code = REFUSED;
  readonly data: { readonly reason: RefusalCode };

  constructor(reason: RefusalCode) {
    super(REFUSALS[reason].message);
    this.name = "CallRefusedError";
    this.data = { reason };
  }
}

/** A JSON-RPC error whose `data` holds its countersignature, thrown for the SDK to send. */
class AnsweredError extends Error {
  readonly code: unknown;
  readonly data: unknown;

  constructor(error: JsonRecord) {
    super(String(ownValue(error, "message")));
    this.name = "AnsweredError";
    this.code = ownValue(error, "code");
    this.data = ownValue(error, "data");
  }
}

/** Puts the checks before a request handler and the countersignature behind it. See `Guard.wrap`. */
export function wrapCallHandler<Request, Extra, Result>(
  core: GuardCore,
  handler: CallHandler<Request, Extra, Result>,
): CallHandler<Request, Extra, Result> {
  return async (request, extra) => {
    const { method, params } = readRequest(request);
    refuseUnderProtect(core, params);
    const signal = signalOf(extra);
    const verdict = await verifyInFlight(core, method, params, signal);
    if (signal?.aborted === true) {
      if (verdict.ok) {
        core.replay.refund(verdict);
        core.trail?.end(verdict, CANCELLED);
      }
      core.events.report({ type: "cancelled", method, ran: false });
      // Nobody hears of it: to a request that was cancelled the SDKs send no answer.
      throw new CallRefusedError("closed");
    }
    if (verdict.ok)
      return (await answerVerified(core, verdict, method, params, () => handler(request, extra))) as Result;
    const tool = signedTool(method, params);
    if (verdict.code !== "unsigned" || !core.allowsUnsigned(method, tool))
      throw refuse(core, method, tool, verdict);
    core.events.report({ type: "unsigned_allowed", method, tool });
    return runInScope(NO_CALL, () => handler(request, extra));
  };
}

function readRequest(request: unknown): { readonly method: string; readonly params: unknown } {
  const members = isPlainObject(request) ? request : {};
  const method = ownValue(members, "method");
  return { method: typeof method === "string" ? method : TOOL_CALL, params: ownValue(members, "params") };
}

/** Verifies a call and, if it passes and was not cancelled meanwhile, leaves it counted in. */
async function verifyInFlight(
  core: GuardCore,
  method: string,
  params: unknown,
  signal: AbortSignal | undefined,
): Promise<Verified | Rejected> {
  if (!core.enter()) return reject("busy", "too many signed calls in flight");
  let passed = false;
  try {
    core.replay.chooseBlindly();
    const verdict = await core.verify(method, params, { wait: { signal } });
    passed = verdict.ok && signal?.aborted !== true;
    return verdict;
  } finally {
    if (!passed) core.leave();
  }
}

async function answerVerified(
  core: GuardCore,
  verified: Verified,
  method: string,
  params: unknown,
  run: () => unknown,
): Promise<unknown> {
  const scope = new CallScope(verified.call);
  core.events.report({ type: "accepted", call: verified.call });
  const answer = await runInScope(scope, async () => settle(run));
  const task = isPlainObject(params) && Object.hasOwn(params, "task");
  const sinceMs = verified.call.verifiedAtMs;
  const entry: RunningCall = {
    state: "running",
    method,
    sinceMs,
    verified,
    scope,
    task,
    cancelledAtMs: undefined,
    counted: true,
    twinned: false,
  };
  const signed = await signAnswer(core, 0, entry, answer);
  const error = ownValue(signed, "error");
  if (isPlainObject(error)) throw new AnsweredError(error);
  return ownValue(signed, "result");
}

/** Runs a handler, and writes what it throws as the SDKs do. */
async function settle(run: () => unknown): Promise<JsonRecord> {
  try {
    return { result: await run() };
  } catch (error) {
    const thrown: JsonRecord = typeof error === "object" && error !== null ? { ...error } : {};
    const code = Number.isSafeInteger(thrown["code"]) ? thrown["code"] : INTERNAL_ERROR;
    const message = error instanceof Error ? error.message : "Internal error";
    return { error: { code, message, ...(thrown["data"] === undefined ? {} : { data: thrown["data"] }) } };
  }
}

function refuse(
  core: GuardCore,
  method: string,
  tool: string | undefined,
  rejected: Rejected,
): CallRefusedError {
  const { code, detail, signer } = rejected;
  core.events.report({ type: "refused", code, detail, method, tool, signer });
  return new CallRefusedError(code);
}

/** Under `protect` the call was verified at the transport, so this handler would refuse each as a replay. */
function refuseUnderProtect(core: GuardCore, params: unknown): void {
  const running = currentScope()?.call?.receipt.id;
  if (running !== undefined && running === core.receiptId(params)) {
    throw new GuardError(
      "wrap_under_protect",
      "the server is protected; register the handler itself, without wrap",
    );
  }
}

function signalOf(extra: unknown): AbortSignal | undefined {
  if (typeof extra !== "object" || extra === null) return undefined;
  const request: unknown = "mcpReq" in extra ? extra.mcpReq : extra;
  if (typeof request !== "object" || request === null || !("signal" in request)) return undefined;
  return request.signal instanceof AbortSignal ? request.signal : undefined;
}
