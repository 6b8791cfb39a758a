import { AsyncLocalStorage } from "node:async_hooks";

import type { VerifiedCall } from "../../verify/verdict.js";

const scopes = new AsyncLocalStorage<CallScope>();

/** Calls that run and are not answered, of all guards. */
let running = 0;

/** What is known about the message that the running code was called for. */
export class CallScope {
  readonly call: VerifiedCall | undefined;
  #answered: boolean;

  /** @param call - A verified call, which runs from now on until it is answered; `undefined` for any other message. */
  constructor(call: VerifiedCall | undefined) {
    this.call = call;
    this.#answered = call === undefined;
    if (call !== undefined) running += 1;
  }

  get answered(): boolean {
    return this.#answered;
  }

  /** Notes that the call has its answer: what runs on after that speaks for nobody. */
  end(): void {
    if (this.#answered) return;
    this.#answered = true;
    running -= 1;
    // While nothing is kept track of, promises cost the process what they cost without a guard. On Node 20 that is a
    // twentieth of an HTTP server's time.
    if (running === 0) scopes.disable();
  }
}

/** For every message that is no verified call: code that it runs must not see the caller around it. */
export const NO_CALL: CallScope = new CallScope(undefined);

/**
 * Tells who signed the call that the running code was called for. Works in a tool handler and in all that it awaits;
 * two calls in flight never see each other's. Code that runs elsewhere (a worker, a listener on a shared emitter, a
 * pool's callback) has to be passed the value.
 *
 * @returns The call, or `undefined` for a call that was let through unsigned, for a message that needs no receipt,
 * once the call is answered, and outside any call.
 */
export function verifiedCall(): VerifiedCall | undefined {
  const scope = scopes.getStore();
  return scope === undefined || scope.answered ? undefined : scope.call;
}

export function runInScope<T>(scope: CallScope, run: () => T): T {
  // With no call running there is no caller to be taken for this one's.
  return running === 0 ? run() : scopes.run(scope, run);
}

export function currentScope(): CallScope | undefined {
  return scopes.getStore();
}
