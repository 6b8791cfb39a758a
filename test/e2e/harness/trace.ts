/** What came in from a server. */
export interface Trace {
  /** Forgets what came so far. */
  clear(): void;
  /** The methods of notifications and requests, and `answer` for each response. */
  kinds(): readonly string[];
}

interface Listening<M, X> {
  onmessage?: ((message: M, extra?: X) => void) | undefined;
}

/**
 * Listens in on a connected transport. The order of what it hands over is the server's, while an SDK may drop a
 * notification that comes in one piece with the answer that it belongs to.
 */
export function traceIncoming<M extends object, X>(transport: Listening<M, X>): Trace {
  const deliver = transport.onmessage;
  let kinds: string[] = [];
  const listen = (message: M, extra?: X): void => {
    kinds.push("method" in message ? String(message.method) : "answer");
    deliver?.(message, extra);
  };
  Object.assign(transport, { onmessage: listen });
  return {
    clear: () => {
      kinds = [];
    },
    kinds: () => kinds,
  };
}
