import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { once } from "node:events";
import type { Hosted } from "./endpoint.js";

export type HttpHandler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** Serves a handler on a free port of the loopback interface. */
export async function hostHttp(handler: HttpHandler, closeServers: () => Promise<void>): Promise<Hosted> {
  let waiting: (() => void)[] = [];
  const server = createServer((request, response) => {
    response.once("close", () => {
      // A notification was taken in, or the client hung up on its request: the two ways to cancel.
      if (response.statusCode !== 202 && response.writableFinished) return;
      for (const resolve of waiting) resolve();
      waiting = [];
    });
    handler(request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : new Error(String(error)));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the server has no port");
  return {
    endpoint: { kind: "http", url: new URL(`http://127.0.0.1:${String(address.port)}/mcp`) },
    cancelArrived: () => new Promise((resolve) => void waiting.push(resolve)),
    async close() {
      await closeServers();
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

/** Answers what a server without sessions has no answer for. */
export function methodNotAllowed(response: ServerResponse): void {
  response.writeHead(405, { allow: "POST" }).end();
}
