import { once } from "node:events";
import { connect, createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";

/** A TCP proxy on a free port of 127.0.0.1: stands between a client and a server, and does to what passes what networks do. */
export class TcpProxy {
  /** Where connections go that are opened from now on. */
  targetPort: number;
  /** How much later than they come replies are passed on, in milliseconds. */
  delayMs = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #cut: "none" | "next" | "all" = "none";

  private constructor(targetPort: number) {
    this.targetPort = targetPort;
    this.#server = createServer((client) => {
      this.#join(client);
    });
  }

  static async start(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Passes half of the next reply on, and closes the connection. */
  cutNextReply(): void {
    this.#cut = "next";
  }

  /** Does so with every reply from now on, or no more. */
  cutReplies(all: boolean): void {
    this.#cut = all ? "all" : "none";
  }

  /** Closes all connections. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  stop(): Promise<void> {
    this.drop();
    return new Promise((resolve) => {
      this.#server.close(() => {
        resolve();
      });
    });
  }

  #join(client: Socket): void {
    const server = connect(this.targetPort, "127.0.0.1");
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(one);
      one.setNoDelay(true);
      one.on("error", () => {});
      one.on("close", () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
    client.on("data", (bytes: Buffer) => server.write(bytes));
    server.on("data", (bytes: Buffer) => {
      if (this.#cut !== "none") {
        if (this.#cut === "next") this.#cut = "none";
        client.write(bytes.subarray(0, bytes.length / 2), () => client.resetAndDestroy());
      } else if (this.delayMs > 0) {
        setTimeout(() => client.write(bytes), this.delayMs);
      } else {
        client.write(bytes);
      }
    });
  }
}
