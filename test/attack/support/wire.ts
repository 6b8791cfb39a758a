import { generateKeyPairSync, sign as cryptoSign } from "node:crypto";
import { promisify } from "node:util";
import { setImmediate as nextTurn } from "node:timers/promises";
import { isPlainObject } from "../../../src/lib/json.js";
import type { JsonRecord } from "../../../src/lib/json.js";
import { RawTransport } from "./raw-transport.js";
import type { AnyServer } from "./servers.js";

export type Id = string | number;

/** How long an answer may take before the test gives up on it. */
const PATIENCE_MS = 5000;

/** One connection to a real server, held at the end where the bytes come in. */
export class Wire {
  readonly transport: RawTransport = new RawTransport();
  /** What the SDK and the guard reported as their own faults. */
  readonly faults: unknown[] = [];
  readonly #server: AnyServer;
  #nextId = 1000;

  private constructor(server: AnyServer) {
    this.#server = server;
  }

  /** Connects a server, and initialises the connection as a client does. */
  static async open(server: AnyServer): Promise<Wire> {
    const wire = new Wire(server);
    wire.transport.onerror = (error) => void wire.faults.push(error);
    await server.connect(wire.transport as never);
    const clientInfo = { name: "raw", version: "1.0.0" };
    const params = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo };
    await wire.ask({ jsonrpc: "2.0", id: "initialize", method: "initialize", params });
    wire.post({ jsonrpc: "2.0", method: "notifications/initialized" });
    return wire;
  }

  /** All that went out since the connection was opened. */
  get sent(): readonly JsonRecord[] {
    return this.transport.sent;
  }

  /** An id that was not used before. */
  freshId(): number {
    return this.#nextId++;
  }

  /** Lets a message come in: a text as the bytes of it, anything else as if it had come over a wire. */
  post(message: unknown): void {
    this.transport.onmessage?.(JSON.parse(typeof message === "string" ? message : JSON.stringify(message)));
  }

  /** Lets messages come in one after another in one tick, as the elements of a batch do. */
  postBatch(messages: readonly unknown[]): void {
    for (const message of messages) this.post(message);
  }

  /** Posts a request and waits for its answer. */
  async ask(request: JsonRecord): Promise<JsonRecord> {
    const id = request["id"];
    const before = this.answersTo(id).length;
    this.post(request);
    return this.answer(id, before + 1);
  }

  /** Posts a `tools/call` and waits for its answer. */
  call(params: unknown, id: Id = this.freshId()): Promise<JsonRecord> {
    return this.ask(callMessage(params, id));
  }

  /** Waits for the answer to an id; for the `count`-th one, if several are to come. */
  async answer(id: unknown, count: number = 1): Promise<JsonRecord> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const found = this.answersTo(id)[count - 1];
      if (found !== undefined) return found;
      if (performance.now() > deadline) throw new Error(`no answer to ${JSON.stringify(id)}`);
      await nextTurn();
    }
  }

  answersTo(id: unknown): readonly JsonRecord[] {
    return this.sent.filter((message) => message["id"] === id && !("method" in message));
  }

  /** Waits until whatever is going to happen by itself has happened. */
  async quiet(): Promise<void> {
    for (let round = 0; round < 3; round++) {
      for (let turn = 0; turn < 25; turn++) await nextTurn();
      await otherThreads();
    }
  }

  /** Closes the connection from the other end, as a client that goes away does. */
  hangUp(): void {
    this.transport.onclose?.();
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}

/** Waits until other threads have done what they were given before: they take their work in order. */
async function otherThreads(): Promise<void> {
  const message = Buffer.alloc(2000);
  await Promise.all(Array.from({ length: 8 }, () => sign(null, message, KEY)));
}

const KEY = generateKeyPairSync("ed25519").privateKey;
const sign = promisify(cryptoSign);

export function callMessage(params: unknown, id: Id): JsonRecord {
  return { jsonrpc: "2.0", id, method: "tools/call", params };
}

/** Reads a path of own members of what went over a wire. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((found, name) => {
    if (Array.isArray(found)) return found[Number(name)];
    return isPlainObject(found) && Object.hasOwn(found, name) ? found[name] : undefined;
  }, value);
}
