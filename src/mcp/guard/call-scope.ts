import { AsyncLocalStorage } from "node:async_hooks";

import type { VerifiedCall } from "../../verify/verdict.js";

/** What is known about the message that the running code was called for. */
export interface CallScope {
  readonly call: VerifiedCall | undefined;
  /** Set once the call has its answer: what runs on after that speaks for nobody. */
  answered: boolean;
}

const scopes = new AsyncLocalStorage<CallScope>();

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
  return scopes.run(scope, run);
}

export function currentScope(): CallScope | undefined {
  return scopes.getStore();
}
