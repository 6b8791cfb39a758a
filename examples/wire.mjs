// A client transport that remembers what went over it and can send messages as they are: an attacker on the wire.

export class Wire {
  #inner;
  #waiting = new Map();
  #lastId = 0;
  /** The last `tools/call` that the client sent, signed. */
  lastCall;

  constructor(inner) {
    this.#inner = inner;
  }

  async start() {
    this.#inner.onclose = () => this.onclose?.();
    this.#inner.onerror = (error) => this.onerror?.(error);
    this.#inner.onmessage = (message, extra) => {
      const answered = this.#waiting.get(message.id);
      if (answered === undefined) this.onmessage?.(message, extra);
      else answered(message);
    };
    await this.#inner.start();
  }

  async send(message, options) {
    if (message.method === "tools/call") this.lastCall = structuredClone(message);
    await this.#inner.send(message, options);
  }

  async close() {
    await this.#inner.close();
  }

  setProtocolVersion(version) {
    this.#inner.setProtocolVersion?.(version);
  }

  /** Sends a `tools/call` with these params, unsigned or however it is, and waits for the answer. */
  async call(params) {
    const id = `wire-${++this.#lastId}`;
    const answer = new Promise((resolve) => this.#waiting.set(id, resolve));
    await this.#inner.send({ jsonrpc: "2.0", id, method: "tools/call", params });
    return answer;
  }
}
