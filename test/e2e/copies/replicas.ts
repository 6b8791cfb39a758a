import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createSigner, formatPublicKey, generateSeed } from "signet-mcp/receipt";
import { signedCall, testRegistryText } from "signet-mcp/testing";
import type { TestEntry } from "signet-mcp/testing";

const SERVER = fileURLToPath(new URL("./server.mjs", import.meta.url));
export const TARGET = "mcp://replicas";

export type StoreKind = "file" | "redis" | "postgres";

/** What a replica answered, as far as the test has to know. */
export interface Answer {
  /** `"ran"` for a result with a countersignature; otherwise the code of the refusal, or what came instead. */
  readonly outcome: string;
}

/** Replicas of one server, as processes of their own on one store. */
export class Replicas {
  readonly #children: readonly ChildProcess[];
  readonly #ports: readonly number[];
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 8 });
  readonly #identity: Parameters<typeof signedCall>[0]["identity"];
  readonly #folder: string;

  private constructor(
    children: readonly ChildProcess[],
    ports: readonly number[],
    identity: Parameters<typeof signedCall>[0]["identity"],
    folder: string,
  ) {
    this.#children = children;
    this.#ports = ports;
    this.#identity = identity;
    this.#folder = folder;
  }

  /** @param where - The server's address; a file store has a directory of its own. */
  static async start(
    kind: StoreKind,
    where: string | undefined,
    limits?: NonNullable<TestEntry["limits"]>,
  ): Promise<Replicas> {
    const folder = mkdtempSync(join(tmpdir(), "signet-replicas-"));
    const [agent, server] = [keyOf("agent"), keyOf("server")];
    const registry = join(folder, "registry.json");
    const entry = { ...agent.entry, ...(limits === undefined ? {} : { limits }) };
    writeFileSync(registry, testRegistryText({ agents: [entry], servers: [server.entry] }));
    const key = join(folder, "server.key");
    writeFileSync(key, JSON.stringify(server.file), { mode: 0o600 });
    const args = [kind, where ?? join(folder, "replay"), registry, key, TARGET];
    const children = Array.from({ length: 4 }, () => fork(SERVER, args));
    const ports = await Promise.all(
      children.map(async (child) => {
        const [message] = (await once(child, "message")) as [{ port: number }];
        return message.port;
      }),
    );
    return new Replicas(children, ports, { ...agent.entry, signer: agent.signer }, folder);
  }

  /** Signs a call of the tool. */
  async sign(call: number): Promise<string> {
    const params = await signedCall({
      identity: this.#identity,
      tool: "count",
      target: TARGET,
      arguments: { call },
    });
    return JSON.stringify({ jsonrpc: "2.0", id: call, method: "tools/call", params });
  }

  /** Sends a call to one of the replicas, whichever chance says. */
  async send(body: string): Promise<Answer> {
    const port = this.#ports[Math.floor(Math.random() * this.#ports.length)];
    const text = await new Promise<string>((resolve, reject) => {
      const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
      const sent = request({ port, method: "POST", agent: this.#agent, headers }, (response) => {
        let received = "";
        response.setEncoding("utf8").on("data", (piece: string) => (received += piece));
        response.on("end", () => {
          resolve(received);
        });
      });
      sent.on("error", reject).end(body);
    });
    return { outcome: outcomeOf(text) };
  }

  /** Runs of the tool at all replicas together. */
  async runs(): Promise<number> {
    const runs = await Promise.all(
      this.#children.map(async (child) => {
        child.send("runs");
        const [message] = (await once(child, "message")) as [{ runs: number }];
        return message.runs;
      }),
    );
    return runs.reduce((sum, one) => sum + one, 0);
  }

  stop(): void {
    this.#agent.destroy();
    for (const child of this.#children) child.kill("SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

interface Body {
  readonly result?: { readonly _meta?: { readonly _signet_bilateral?: unknown } };
  readonly error?: { readonly data?: { readonly reason?: string } };
}

function outcomeOf(text: string): string {
  const { result, error } = JSON.parse(text) as Body;
  if (result?._meta?._signet_bilateral !== undefined) return "ran";
  return error?.data?.reason ?? text;
}

function keyOf(name: string) {
  const seed = generateSeed();
  const signer = createSigner(seed);
  return {
    signer,
    entry: { name, owner: "test", publicKey: formatPublicKey(signer.publicKey) },
    file: { v: 1, algorithm: "ed25519", name, seed: Buffer.from(seed).toString("base64") },
  };
}
