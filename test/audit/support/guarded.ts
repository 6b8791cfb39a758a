import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach } from "vitest";

import { SigningTransport } from "../../../src/client.js";
import type { AnsweredRequest } from "../../../src/client.js";
import { createSigner, formatPublicKey, generateSeed } from "../../../src/receipt/index.js";
import { testIdentity, testRegistryText } from "../../../src/testing.js";
import type { TestIdentity } from "../../../src/testing.js";

/** What guarded server processes need beside a log: a registry, a key. */
export interface Home {
  readonly registry: string;
  readonly key: string;
  readonly agent: TestIdentity;
}

/** Makes a home for servers in a folder. */
export function makeHome(folder: string): Home {
  mkdirSync(folder, { recursive: true });
  const seed = generateSeed();
  const agent = testIdentity("agent");
  const signer = createSigner(seed);
  const server = { ...testIdentity("server"), signer, publicKey: formatPublicKey(signer.publicKey) };
  const registry = join(folder, "registry.json");
  writeFileSync(registry, testRegistryText({ agents: [agent], servers: [server] }));
  const key = join(folder, "server.key");
  const file = { v: 1, algorithm: "ed25519", name: "server", seed: Buffer.from(seed).toString("base64") };
  writeFileSync(key, JSON.stringify(file));
  chmodSync(key, 0o600);
  return { registry, key, agent };
}

const opened = new Set<GuardedProcess>();

afterEach(async () => {
  await Promise.all([...opened].map((process) => process.kill()));
});

/** A process of a guarded server, and a client that is connected to it. */
export class GuardedProcess {
  readonly client: Client = new Client({ name: "client", version: "1.0.0" });
  /** Answers that the client holds, each with its countersignature. */
  readonly answered: AnsweredRequest[] = [];
  readonly #inner: StdioClientTransport;

  private constructor(inner: StdioClientTransport) {
    this.#inner = inner;
  }

  static async start(home: Home, dir: string, target: string): Promise<GuardedProcess> {
    const script = fileURLToPath(new URL("../children/guarded-server.mjs", import.meta.url));
    const args = [script, dir, home.registry, home.key, target];
    const inner = new StdioClientTransport({ command: process.execPath, args, stderr: "inherit" });
    const started = new GuardedProcess(inner);
    opened.add(started);
    const transport = new SigningTransport(inner, {
      identity: home.agent,
      target,
      servers: home.registry,
      onReceipt: (answered) => void started.answered.push(answered),
    });
    await started.client.connect(transport);
    return started;
  }

  /** Calls a tool; `undefined` when there is no answer. */
  async call(name: string, n: number): Promise<unknown> {
    try {
      return await this.client.callTool({ name, arguments: { n } });
    } catch {
      return undefined;
    }
  }

  /** Kills the process, and waits until it is gone. */
  async kill(): Promise<void> {
    opened.delete(this);
    const { pid } = this.#inner;
    const closed = new Promise<void>((resolve) => {
      this.client.onclose = resolve;
    });
    if (pid === null) return;
    process.kill(pid, "SIGKILL");
    await closed;
  }
}
