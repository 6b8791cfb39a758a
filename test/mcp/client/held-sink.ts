import type { AuditSink } from "../../../src/audit/sink.js";
import { isPlainObject } from "../../../src/lib/json.js";
import type { JsonRecord } from "../../../src/lib/json.js";

/** An audit log in memory. What is appended waits to be released, if the test wants it to. */
export class HeldSink implements AuditSink {
  readonly texts: Uint8Array[] = [];
  readonly typed: JsonRecord[] = [];
  readonly #waiting: { readonly resolve: () => void; readonly reject: (cause: unknown) => void }[] = [];
  held = false;
  /** What the next appends fail with. */
  failure: Error | undefined;
  closed = 0;

  /** What was appended by `appendText`. */
  get records(): JsonRecord[] {
    return this.texts.map((text) => {
      const record: unknown = JSON.parse(Buffer.from(text).toString());
      if (!isPlainObject(record)) throw new Error("no record");
      return record;
    });
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  appendText(text: Uint8Array): Promise<void> {
    this.texts.push(new Uint8Array(text));
    return this.#append();
  }

  appendTyped(record: JsonRecord): Promise<void> {
    this.typed.push(record);
    return this.#append();
  }

  close(): Promise<void> {
    this.closed++;
    return Promise.resolve();
  }

  /** Lets one append be done, the oldest or another, and everything that follows from it. */
  async release(at = 0): Promise<void> {
    this.#waiting.splice(at, 1)[0]?.resolve();
    await settled();
  }

  async fail(cause: unknown): Promise<void> {
    this.#waiting.shift()?.reject(cause);
    await settled();
  }

  #append(): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (!this.held) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }
}

/** Lets everything happen that needs no more time. */
export function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
