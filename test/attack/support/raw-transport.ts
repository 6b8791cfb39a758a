import type { JsonRecord } from "../../../src/lib/json.js";
import { isPlainObject } from "../../../src/lib/json.js";

/** What an SDK passes a transport besides the message. */
export type Extra = Record<string, unknown>;

/**
 * The server's end of a wire, and nothing else: messages come in as `JSON.parse` gave them, and what goes out is kept.
 * No client and no transport of an SDK has looked at any of it.
 */
export class RawTransport {
  onmessage?: (message: unknown, extra?: Extra) => void;
  onclose?: () => void;
  onerror?: (error: Error) => void;
  readonly sent: JsonRecord[] = [];
  /** Set to make sending fail. */
  sendError: Error | undefined;
  #watchers: (() => void)[] = [];

  start(): Promise<void> {
    return Promise.resolve();
  }

  send(message: unknown): Promise<void> {
    if (this.sendError !== undefined) return Promise.reject(this.sendError);
    const sent: unknown = JSON.parse(JSON.stringify(message));
    if (isPlainObject(sent)) this.sent.push(sent);
    for (const wake of this.#watchers.splice(0)) wake();
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.onclose?.();
    return Promise.resolve();
  }

  /** Its presence is what marks a transport as one that carries bytes. Never called. */
  handleMessage(): void {
    throw new Error("nobody calls this");
  }

  /** Waits for the next message that goes out. */
  nextSent(): Promise<void> {
    return new Promise((resolve) => void this.#watchers.push(resolve));
  }
}
