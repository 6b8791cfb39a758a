import { CanonicalJsonError, GuardError } from "../../errors.js";
import { isPlainObject } from "../../lib/json.js";
import { isPromise } from "../../lib/maybe-promise.js";
import { booleanOption, invalidOption, optionRecord, textOption } from "../../lib/option.js";
import { readDraft } from "../../receipt/draft.js";
import { readOutcome } from "../../receipt/parse-response.js";
import type { Outcome, ReceiptV3 } from "../../receipt/types.js";
import type { Verdict, VerifiedCall } from "../../verify/verdict.js";
import type { Verified } from "../../verify/verify-call.js";
import { prepareError, prepareResult } from "./answer.js";
import type { PreparedAnswer } from "./answer.js";
import type { GuardCore } from "./core.js";
import { signedTool, TOOL_CALL } from "../signed-intent.js";

export interface CountersignOptions {
  /** Whether what is answered is a JSON-RPC `error` object rather than a `result`. Default is `false`. */
  readonly error?: boolean;
  /** What is said of the call. Default is read off the answer: `executed`, `failed` or `verified`. */
  readonly outcome?: Outcome;
}

/** A call that passed, as `verify` returns it. What its countersignature is made of, only its guard can get at. */
class PassedCall implements VerifiedCall {
  readonly signer: VerifiedCall["signer"];
  readonly receipt: VerifiedCall["receipt"];
  readonly method: string;
  readonly tool: string;
  readonly target: string;
  readonly verifiedAtMs: number;
  readonly #gateway: Gateway;
  readonly #verified: Verified;
  readonly #task: boolean;
  /** Whether it has its countersignature, or is getting it. */
  #taken = false;

  constructor(gateway: Gateway, verified: Verified, task: boolean) {
    const { call } = verified;
    this.signer = call.signer;
    this.receipt = call.receipt;
    this.method = call.method;
    this.tool = call.tool;
    this.target = call.target;
    this.verifiedAtMs = call.verifiedAtMs;
    this.#gateway = gateway;
    this.#verified = verified;
    this.#task = task;
  }

  /** Takes a call before anything is awaited: two countersignatures at once are two as well. */
  static take(
    gateway: Gateway,
    call: unknown,
  ): { readonly verified: Verified; readonly task: boolean; readonly putBack: () => void } {
    // A `WeakMap` by call would do the same, at a tenth of what all the checks take.
    if (typeof call !== "object" || call === null || !(#gateway in call) || call.#gateway !== gateway) {
      throw new GuardError(
        "not_verified_here",
        "countersign takes the very call that verify of this guard returned",
      );
    }
    if (call.#taken) {
      throw new GuardError(
        "already_countersigned",
        "this call has its countersignature, or is getting it; verify the next one",
      );
    }
    call.#taken = true;
    const putBack = (): void => {
      call.#taken = false;
    };
    return { verified: call.#verified, task: call.#task, putBack };
  }
}

function outcomeOption(value: unknown): Outcome | undefined {
  if (value === undefined) return undefined;
  if (!isPlainObject(value)) {
    throw invalidOption("options.outcome", 'an outcome such as { status: "executed" }', value);
  }
  return readDraft(value, readOutcome);
}

/** @throws `CanonicalJsonError` for whatever keeps the answer from being written as JSON. */
function prepare(answer: unknown, isError: boolean, task: boolean): PreparedAnswer {
  if (!isPlainObject(answer)) throw new CanonicalJsonError("not_json", "a result or error is an object");
  try {
    return isError ? prepareError({ error: answer }, answer) : prepareResult({ result: answer }, task);
  } catch (cause) {
    if (cause instanceof CanonicalJsonError) throw cause;
    throw new CanonicalJsonError("not_json", "the answer cannot be written as JSON", { cause });
  }
}

/** For the log. What was handed over in memory may throw when it is looked at. */
function toolOf(method: string, params: unknown): string | undefined {
  try {
    return signedTool(method, params);
  } catch {
    return undefined;
  }
}

/** The calls that a guard verified for code that holds the wire itself, until each has its one countersignature. */
export class Gateway {
  readonly #core: GuardCore;

  constructor(core: GuardCore) {
    this.#core = core;
  }

  async verify(params: unknown, options: { readonly method?: string | undefined }): Promise<Verdict> {
    const { method: given } = optionRecord(options, "options", ["method"]);
    const method =
      given === undefined ? TOOL_CALL : textOption(given, "options.method", "the method of the request");
    this.#core.replay.chooseBlindly();
    const pending = this.#core.verify(method, params);
    const verdict = isPromise(pending) ? await pending : pending;
    if (!verdict.ok) {
      const { code, detail, signer } = verdict;
      const tool = toolOf(method, params);
      this.#core.events.report({ type: "refused", code, detail, method, tool, signer });
      return verdict;
    }
    const task = isPlainObject(params) && Object.hasOwn(params, "task");
    const call = new PassedCall(this, verdict, task);
    this.#core.events.report({ type: "accepted", call });
    return { ok: true, call };
  }

  async countersign(call: VerifiedCall, answer: unknown, options: CountersignOptions): Promise<ReceiptV3> {
    const record = optionRecord(options, "options", ["error", "outcome"]);
    const isError = booleanOption(record, "options", "error", false);
    const said = outcomeOption(record["outcome"]);
    const { verified, task, putBack } = PassedCall.take(this, call);
    try {
      const prepared = prepare(answer, isError, task);
      const outcome = said ?? prepared.outcome;
      const pending = this.#core.countersign(verified, prepared.contentHash, outcome);
      const countersignature = isPromise(pending) ? await pending : pending;
      if (
        this.#core.trail !== undefined &&
        !(await this.#core.trail.answered(verified, countersignature, prepared.carried))
      ) {
        throw new GuardError(
          "audit_unavailable",
          "the answer could not be put on record; health().audit says why. Withhold it: the call can still be countersigned",
        );
      }
      if (prepared.taskId !== undefined) this.#core.tasks.add(prepared.taskId, call.signer.publicKey);
      this.#core.events.report({ type: "finished", call, outcome, countersignature });
      return countersignature;
    } catch (error) {
      putBack();
      throw error;
    }
  }
}
