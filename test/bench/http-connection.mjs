import { once } from "node:events";
import { connect } from "node:net";

/**
 * An HTTP connection that is kept alive, on a bare socket: a client that costs next to nothing, so that what is measured
 * is the server. One exchange at a time.
 */
export class HttpConnection {
  #socket;
  #host;
  #session = "";
  #received = Buffer.alloc(0);
  #done = undefined;

  static async open(port) {
    const connection = new HttpConnection();
    connection.#host = `127.0.0.1:${port}`;
    connection.#socket = connect(port, "127.0.0.1").setNoDelay();
    await once(connection.#socket, "connect");
    connection.#socket.on("data", (chunk) => connection.#receive(chunk));
    connection.#socket.on("close", () => connection.#done?.reject(new Error("the server hung up")));
    await connection.#openSession();
    return connection;
  }

  /** Posts a JSON text. @returns the whole response, head and body. */
  post(body) {
    if (this.#socket.destroyed) return Promise.reject(new Error("the server hung up"));
    this.#socket.write(
      `POST /mcp HTTP/1.1\r\nhost: ${this.#host}\r\ncontent-type: application/json\r\n` +
        `accept: application/json, text/event-stream\r\n${this.#session}` +
        `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    return new Promise((resolve, reject) => {
      this.#done = { resolve, reject };
    });
  }

  close() {
    this.#done = undefined;
    this.#socket.destroy();
  }

  async #openSession() {
    const clientInfo = { name: "bench", version: "1.0.0" };
    const params = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo };
    const response = await this.post(JSON.stringify({ jsonrpc: "2.0", id: 0, method: "initialize", params }));
    const id = /^mcp-session-id: (\S+)/im.exec(response)?.[1];
    this.#session = `mcp-session-id: ${id}\r\nmcp-protocol-version: 2025-06-18\r\n`;
    await this.post(JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" }));
  }

  #receive(chunk) {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    if (!isComplete(this.#received)) return;
    const text = this.#received.toString();
    const { resolve } = this.#done;
    this.#received = Buffer.alloc(0);
    this.#done = undefined;
    resolve(text);
  }
}

function isComplete(received) {
  const headEnd = received.indexOf("\r\n\r\n");
  if (headEnd < 0) return false;
  const head = received.latin1Slice(0, headEnd);
  const length = /^content-length: (\d+)/im.exec(head)?.[1];
  if (length !== undefined) return received.length >= headEnd + 4 + Number(length);
  if (/^transfer-encoding: chunked/im.test(head)) return received.subarray(headEnd).includes("\r\n0\r\n\r\n");
  return true;
}
