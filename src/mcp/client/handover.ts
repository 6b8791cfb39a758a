import type { ErrorAnswer } from "../message.js";

/** The way to whoever uses the transport, past the checks of what comes in. */
export class Handover {
  readonly #inner: object;
  readonly #own = new WeakSet<object>();

  /** @param inner - The real transport: the SDK's callbacks are set on it. */
  constructor(inner: object) {
    this.#inner = inner;
  }

  /** Answers a request that was not sent. Later, as a connection would: the caller may still be in `send`. */
  answer(answer: ErrorAnswer): void {
    this.#own.add(answer);
    queueMicrotask(() => {
      this.#call("onmessage", answer);
    });
  }

  /** Tells whether a message that comes in was made by `answer`. */
  isOwn(message: unknown): boolean {
    return typeof message === "object" && message !== null && this.#own.has(message);
  }

  /** Reports what nobody waits for, as the SDKs do: to `onerror`. */
  report(error: unknown): void {
    this.#call("onerror", error instanceof Error ? error : new Error(String(error)));
  }

  #call(callback: "onmessage" | "onerror", argument: unknown): void {
    const listener: unknown = Reflect.get(this.#inner, callback, this.#inner);
    if (typeof listener === "function") Reflect.apply(listener, this.#inner, [argument]);
  }
}
