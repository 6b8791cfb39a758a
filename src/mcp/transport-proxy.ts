/**
 * A stand-in for an MCP transport that lets its owner see every message on the way in and out.
 *
 * It is a `Proxy` and no wrapper class, because both SDKs probe transports for members that no interface lists
 * and for their class: whatever is not intercepted is the real transport's own, `this` included.
 */

/** What an MCP SDK hands over with a message: HTTP headers, authentication, classification. Passed on untouched. */
export type MessageExtra = { readonly classification?: unknown } | undefined;

/** Options of a `send`. All but these members are passed on unread. */
export type SendOptions =
  { readonly relatedRequestId?: string | number; readonly resumptionToken?: string } | undefined;

export type Deliver = (message: unknown, extra?: MessageExtra) => void;
export type Forward = (message: unknown, options?: SendOptions) => Promise<void>;

/** What the owner of a proxied transport does with its messages. */
export interface TransportHooks {
  /**
   * Called for every message that comes in. `deliver` hands a message to the SDK, `forward` one to the peer. Must
   * not throw.
   */
  receive(message: unknown, extra: MessageExtra, deliver: Deliver, forward: Forward): void;
  /** Called for every message that goes out. `forward` hands a message to the real transport. */
  send(message: unknown, options: SendOptions, forward: Forward): Promise<void>;
  /** Called once the real transport is closed, before the SDK hears of it. */
  closed(): void;
  /** Called in the place of `start`, if it is there. `forward` starts the real transport. */
  start?(forward: () => Promise<void>): Promise<void>;
  /** Called in the place of `close`, if it is there. `forward` closes the real transport. */
  close?: ((forward: () => Promise<void>) => Promise<void>) | undefined;
}

type AnyFunction = (...parameters: unknown[]) => unknown;

/**
 * Puts hooks between a transport and the SDK object that connects to it.
 *
 * @param transport - The real transport. It is not copied: what the caller does with it goes on to work.
 * @returns A stand-in with the same prototype and members.
 */
export function proxyTransport<T extends object>(transport: T, hooks: TransportHooks): T {
  const bound = new WeakMap<AnyFunction, AnyFunction>();
  let onmessage: Deliver | undefined;
  let onclose: AnyFunction | undefined;

  const call = async (method: "close" | "send" | "start", parameters: readonly unknown[]): Promise<void> => {
    const own: unknown = Reflect.get(transport, method, transport);
    if (typeof own !== "function") throw new TypeError(`the transport has no ${method} method`);
    await Reflect.apply(own, transport, parameters);
  };
  const forward: Forward = (message, options) =>
    call("send", options === undefined ? [message] : [message, options]);
  const send = (message: unknown, options?: SendOptions): Promise<void> =>
    hooks.send(message, options, forward);

  // The SDKs put a `start` of their own here and put this one back later.
  let start: unknown = hooks.start === undefined ? undefined : () => hooks.start?.(() => call("start", []));

  const { close: closeHook } = hooks;
  const close = closeHook === undefined ? undefined : (): Promise<void> => closeHook(() => call("close", []));

  const bind = (method: AnyFunction): AnyFunction => {
    let result = bound.get(method);
    if (result === undefined) {
      result = method.bind(transport);
      bound.set(method, result);
    }
    return result;
  };

  return new Proxy(transport, {
    get(target, member) {
      if (member === "send") return send;
      if (member === "start" && start !== undefined) return start;
      if (member === "close" && close !== undefined) return close;
      if (member === "onmessage" && onmessage !== undefined) return onmessage;
      if (member === "onclose" && onclose !== undefined) return onclose;
      const value: unknown = Reflect.get(target, member, target);
      return isMethod(value) && member !== "onerror" && member !== "constructor" ? bind(value) : value;
    },
    set(target, member, value: unknown) {
      if (member === "start" && start !== undefined) {
        start = value;
        return true;
      }
      if (member === "onmessage") {
        const deliver = isMethod(value) ? value : undefined;
        onmessage = deliver;
        const receive =
          deliver === undefined
            ? value
            : (message: unknown, extra?: MessageExtra): void => {
                hooks.receive(message, extra, deliver, forward);
              };
        return Reflect.set(target, member, receive, target);
      }
      if (member === "onclose") {
        const notify = isMethod(value) ? value : undefined;
        onclose = notify;
        const closed = (): void => {
          hooks.closed();
          notify?.();
        };
        return Reflect.set(target, member, closed, target);
      }
      return Reflect.set(target, member, value, target);
    },
  });
}

function isMethod(value: unknown): value is AnyFunction {
  return typeof value === "function";
}
