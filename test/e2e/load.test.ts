import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { Agent, request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { createSigner, formatPublicKey } from "../../src/receipt/index.js";
import { signedCall, testIdentity, testRegistryText } from "../../src/testing.js";
import type { SignedCallParams } from "../../src/testing.js";

const TARGET = "mcp://load";
const CLIENTS = 64;
/** A minute in CI, where nobody waits for it. */
const LOAD_MS =
  Number(process.env["SIGNET_LOAD_SECONDS"] ?? (process.env["CI"] === undefined ? 10 : 60)) * 1000;
const WARM_UP_CALLS = 5000;

interface Stats {
  readonly runs: number;
  readonly counts: {
    readonly accepted: number;
    readonly finished: number;
    readonly refused: Record<string, number>;
  };
  readonly callsInFlight: number;
  readonly heapUsed: number;
  readonly eventLoopP99Ms: number;
}

interface Tally {
  accepted: number;
  replayed: number;
  params_mismatch: number;
  other: number;
}

describe("a guarded server under load", () => {
  const agent = testIdentity("agent");
  const connections = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  let folder: string;
  let child: ChildProcess;
  let port: number;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "signet-load-"));
    const seed = Buffer.alloc(32, 9);
    const key = { v: 1, algorithm: "ed25519", name: "load-server", seed: seed.toString("base64") };
    await writeFile(join(folder, "server.key"), JSON.stringify(key), { mode: 0o600 });
    const server = {
      name: "load-server",
      owner: "test",
      publicKey: formatPublicKey(createSigner(seed).publicKey),
    };
    await writeFile(join(folder, "registry.json"), testRegistryText({ agents: [agent], servers: [server] }));
    const program = fileURLToPath(new URL("servers/load.mjs", import.meta.url));
    const args = ["--expose-gc", program, join(folder, "registry.json"), join(folder, "server.key"), TARGET];
    child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    if (child.stdout === null) throw new Error("the server has no output");
    const [line] = await once(createInterface({ input: child.stdout }), "line");
    port = Number(line);
  });

  afterAll(async () => {
    connections.destroy();
    const ended = once(child, "exit");
    child.kill();
    await ended;
    await rm(folder, { recursive: true });
  });

  function exchange(path: string, body?: string): Promise<string> {
    const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
    const options = { host: "127.0.0.1", port, path, agent: connections, headers };
    return new Promise((resolve, reject) => {
      const sent = httpRequest({ ...options, method: body === undefined ? "GET" : "POST" }, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (text += chunk));
        response.on("end", () => {
          resolve(text);
        });
        response.on("error", reject);
      });
      sent.on("error", reject);
      sent.end(body);
    });
  }

  const readStats = async (): Promise<Stats> => JSON.parse(await exchange("/stats")) as Stats;

  async function post(id: number, params: object): Promise<keyof Tally> {
    const answer: unknown = JSON.parse(
      await exchange("/mcp", JSON.stringify({ jsonrpc: "2.0", id, method: "tools/call", params })),
    );
    const { result, error } = answer as {
      result?: { _meta?: { _signet_bilateral?: unknown } };
      error?: { data?: { reason?: string } };
    };
    if (result?._meta?._signet_bilateral !== undefined) return "accepted";
    const reason = error?.data?.reason;
    return reason === "replayed" || reason === "params_mismatch" ? reason : "other";
  }

  /** Calls until `isOver`: of a hundred calls one is a copy of the call before, one has other arguments than were signed. */
  async function run(client: number, isOver: () => boolean, sent: Tally, got: Tally): Promise<void> {
    let before: SignedCallParams | undefined;
    for (let n = 0; !isOver(); n++) {
      const arguments_ = { a: client, b: n };
      const params = await signedCall({
        identity: agent,
        target: TARGET,
        tool: "add",
        arguments: arguments_,
      });
      // Spread over the clients, so that a short run has its share too.
      const turn = (n * 37 + client) % 100;
      if (turn === 50 && before !== undefined) {
        sent.replayed += 1;
        got[await post(n, before)] += 1;
      } else if (turn === 75) {
        sent.params_mismatch += 1;
        got[await post(n, { ...params, arguments: { a: client, b: n + 1 } })] += 1;
      } else {
        sent.accepted += 1;
        got[await post(n, params)] += 1;
        before = params;
      }
    }
  }

  const tally = (): Tally => ({ accepted: 0, replayed: 0, params_mismatch: 0, other: 0 });

  async function load(isOver: () => boolean): Promise<{ sent: Tally; got: Tally }> {
    const [sent, got] = [tally(), tally()];
    await Promise.all(Array.from({ length: CLIENTS }, (_, client) => run(client, isOver, sent, got)));
    return { sent, got };
  }

  it(
    "counts to the call, and keeps nothing of calls that are over",
    async () => {
      let calls = 0;
      const warmed = await load(() => ++calls > WARM_UP_CALLS);
      const before = await readStats();
      const end = Date.now() + LOAD_MS;
      const { sent, got } = await load(() => Date.now() >= end);
      const after = await readStats();

      expect(got).toEqual(sent);
      expect(warmed.got).toEqual(warmed.sent);
      const accepted = warmed.sent.accepted + sent.accepted;
      expect(after).toMatchObject({
        runs: accepted,
        callsInFlight: 0,
        counts: { accepted, finished: accepted },
      });
      expect(after.counts.refused).toEqual({
        replayed: warmed.sent.replayed + sent.replayed,
        params_mismatch: warmed.sent.params_mismatch + sent.params_mismatch,
      });
      expect(sent.replayed).toBeGreaterThan(0);
      const grownBytes = after.heapUsed - before.heapUsed;
      console.log(
        `${sent.accepted} calls in ${LOAD_MS / 1000} s, heap ${(grownBytes / 1e6).toFixed(1)} MB larger, ` +
          `event loop delay p99 ${after.eventLoopP99Ms.toFixed(1)} ms`,
      );
      // The store's nonces are outside the heap: what grows with the calls would be a leak.
      expect(grownBytes).toBeLessThan(5_000_000);
    },
    LOAD_MS + 60_000,
  );
});
