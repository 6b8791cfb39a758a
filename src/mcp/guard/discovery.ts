import { invalidOption } from "../../lib/option.js";
import { Guard } from "./guard.js";

/** As much of an HTTP request as is looked at. Express adds `originalUrl`: routers cut `url`. */
interface DiscoveryRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly originalUrl?: string | undefined;
}

/** As much of an HTTP response as is used: Node's own. */
interface DiscoveryResponse {
  writeHead(status: number, headers: Record<string, string>): unknown;
  end(body?: string): unknown;
}

/** A handler as Express takes it. It calls `next` for every path but its own. */
export type DiscoveryHandler = (
  request: DiscoveryRequest,
  response: DiscoveryResponse,
  next: (error?: unknown) => void,
) => void;

const PATH = "/.well-known/signet.json";

const CORS: Record<string, string> = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "GET, HEAD, OPTIONS",
};

/**
 * Serves `/.well-known/signet.json`: what a client has to know to sign calls for this server. Mount it at the root,
 * before an `Origin` check. What it says is a hint, unsigned: no client may take trust from it.
 *
 * Answers GET, HEAD and OPTIONS, and 405 to other methods.
 *
 * @param guard - Made by `createGuard`.
 * @throws `OptionError` `invalid_option` when it is no guard.
 *
 * @example
 * ```ts
 * app.use(signetDiscovery(guard));
 * ```
 */
export function signetDiscovery(guard: Guard): DiscoveryHandler {
  if (!(guard instanceof Guard)) throw invalidOption("guard", "a guard made by createGuard", guard);
  return (request, response, next) => {
    if (pathOf(request) !== PATH) {
      next();
      return;
    }
    const { method } = request;
    if (method === "OPTIONS") {
      response.writeHead(204, { ...CORS, allow: "GET, HEAD, OPTIONS" });
      response.end();
    } else if (method === "GET" || method === "HEAD") {
      const body = JSON.stringify(guard.describe());
      const length = String(Buffer.byteLength(body));
      const headers = {
        ...CORS,
        "content-type": "application/json; charset=utf-8",
        "content-length": length,
      };
      response.writeHead(200, { ...headers, "cache-control": "public, max-age=60" });
      if (method === "GET") response.end(body);
      else response.end();
    } else {
      response.writeHead(405, { ...CORS, allow: "GET, HEAD, OPTIONS" });
      response.end();
    }
  };
}

function pathOf({ originalUrl, url }: DiscoveryRequest): string {
  const [path = ""] = (originalUrl ?? url ?? "").split(/[?#]/, 1);
  return path;
}
