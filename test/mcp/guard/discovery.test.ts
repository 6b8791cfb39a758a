import { once } from "node:events";
import { createServer } from "node:http";
import type { Server } from "node:http";

import express from "express";
import { afterEach, describe, expect, it } from "vitest";

import { signetDiscovery } from "../../../src/express.js";
import { createGuard } from "../../../src/server.js";
import type { Guard } from "../../../src/server.js";
import { testIdentity, testRegistry } from "../../../src/testing.js";

const PATH = "/.well-known/signet.json";
const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  }
});

async function makeGuard(): Promise<Guard> {
  const [agent, server] = [testIdentity("agent"), testIdentity("server")];
  const identity = { signer: server.signer, name: "server" };
  return createGuard({
    registry: testRegistry({ agents: [agent] }),
    identity,
    target: ["mcp://a", "mcp://b"],
  });
}

async function serve(server: Server): Promise<string> {
  servers.push(server);
  if (!server.listening) server.listen(0, "127.0.0.1");
  if (!server.listening) await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return `http://127.0.0.1:${address.port}`;
}

describe("signetDiscovery", () => {
  it("says under Express what a client has to know, to anybody", async () => {
    const guard = await makeGuard();
    const app = express();
    app.use(signetDiscovery(guard));
    const base = await serve(createServer(app));
    const response = await fetch(`${base}${PATH}?x=1`);
    expect(response.status).toBe(200);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("content-type")).toMatch(/^application\/json/);
    expect(await response.json()).toEqual(guard.describe());
  });

  it("answers HEAD and OPTIONS, and refuses what would change something", async () => {
    const app = express();
    app.use(signetDiscovery(await makeGuard()));
    const url = `${await serve(createServer(app))}${PATH}`;
    const head = await fetch(url, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    expect(Number(head.headers.get("content-length"))).toBeGreaterThan(100);
    const options = await fetch(url, { method: "OPTIONS" });
    expect([options.status, options.headers.get("allow")]).toEqual([204, "GET, HEAD, OPTIONS"]);
    for (const method of ["POST", "PUT", "DELETE"]) expect((await fetch(url, { method })).status).toBe(405);
  });

  it("matches the original URL where a router has cut it, and lets every other path pass", async () => {
    const app = express();
    app.use("/.well-known", signetDiscovery(await makeGuard()));
    app.use(signetDiscovery(await makeGuard()));
    app.use((_request, response) => void response.status(418).end());
    const base = await serve(createServer(app));
    expect((await fetch(`${base}${PATH}`)).status).toBe(200);
    for (const path of ["/", "/mcp", `${PATH}x`, `/sub${PATH}`, "/.well-known/other"]) {
      expect((await fetch(`${base}${path}`)).status).toBe(418);
    }
  });

  it("works with Node's own server", async () => {
    const discovery = signetDiscovery(await makeGuard());
    const base = await serve(
      createServer((request, response) => {
        discovery(request, response, () => response.writeHead(404).end());
      }),
    );
    expect((await fetch(`${base}${PATH}`)).status).toBe(200);
    expect((await fetch(`${base}/x`)).status).toBe(404);
  });

  it("takes nothing but a guard", () => {
    expect(() => Reflect.apply(signetDiscovery, undefined, [{}])).toThrowError(
      expect.objectContaining({ code: "invalid_option" }),
    );
  });
});
