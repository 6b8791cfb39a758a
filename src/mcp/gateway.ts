import { CanonicalJsonError, GuardError } from "../errors.js";
import { isPlainObject } from "../lib/json.js";
import type { Outcome, ReceiptV3 } from "../receipt/types.js";
import type { Verdict, VerifiedCall } from "../verify/verdict.js";
import type { Verified } from "../verify/verify-call.js";
import { prepareError, prepareResult } from "./answer.js";
import type { GuardCore } from "./guard-core.js";
import { signedIntent } from "./signed-intent.js";

export interface CountersignOptions {
  /** Whether what is answered is a JSON-RPC `error` object rather than a `result`. Default is `false`. */
  readonly error?: boolean;
  /** What is said of the call. Default is read off the answer: `executed`, `failed` or `verified`. */
  readonly outcome?: Outcome;
}

/** A call that passed, and whether it asked for a task. */
interface PassedCall {
  readonly verified: Verified;
  readonly task: boolean;
}

/** The calls that a guard verified for code that holds the wire itself, until each has its one countersignature. */
export class Gateway {
  readonly #core: GuardCore;
  readonly #verified = new WeakMap<VerifiedCall, PassedCall>();
  readonly #countersigned = new WeakSet<VerifiedCall>();

  constructor(core: GuardCore) {
    this.#core = core;
  }

  async verify(params: unknown, method: string): Promise<Verdict> {
    const verdict = await this.#core.verify(method, params);
    if (!verdict.ok) {
      const { code, detail, signer } = verdict;
      const { tool } = signedIntent(method, params);
      this.#core.events.report({ type: "refused", code, detail, method, tool, signer });
      return verdict;
    }
    const { call } = verdict;
    const task = isPlainObject(params) && Object.hasOwn(params, "task");
    this.#verified.set(call, { verified: verdict, task });
    this.#core.events.report({ type: "accepted", call });
    return { ok: true, call };
  }

  async countersign(call: VerifiedCall, answer: unknown, options: CountersignOptions): Promise<ReceiptV3> {
    const passed = this.#take(call);
    try {
      if (!isPlainObject(answer)) throw new CanonicalJsonError("not_json", "a result or error is an object");
      const prepared =
        options.error === true
          ? prepareError({ error: answer }, answer)
          : prepareResult({ result: answer }, passed.task);
      const outcome = options.outcome ?? prepared.outcome;
      const countersignature = await this.#core.countersign(passed.verified, prepared.contentHash, outcome);
      this.#countersigned.add(call);
      if (prepared.taskId !== undefined) this.#core.tasks.add(prepared.taskId, call.signer.publicKey);
      this.#core.events.report({ type: "finished", call, outcome, countersignature });
      return countersignature;
    } catch (error) {
      this.#verified.set(call, passed);
      throw error;
    }
  }

  /** Takes the call out before anything is awaited: two countersignatures at once are two as well. */
  #take(call: VerifiedCall): PassedCall {
    const passed = this.#verified.get(call);
    if (passed !== undefined) {
      this.#verified.delete(call);
      return passed;
    }
    throw this.#countersigned.has(call)
      ? new GuardError(
          "already_countersigned",
          "this call has its countersignature, or is getting it; verify the next one",
        )
      : new GuardError(
          "not_verified_here",
          "countersign takes the very call that verify of this guard returned",
        );
  }
}
