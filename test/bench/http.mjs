/**
 * Bench of whole calls over HTTP: a bare server, the same with one verify and sign a call and nothing else, and the
 * same guarded, by `node:crypto` and by `sodium-native`. The clients are a process of their own, and the servers take turns in short rounds.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createSigner, formatPublicKey } from "../../dist/receipt/index.js";
import { testRegistryText } from "../../dist/testing.js";
import { median, percentile } from "./statistics.mjs";

const TARGET = "mcp://bench";
const NAMES = {
  bare: "bare",
  crypto: "verify and sign only",
  guarded: "guarded",
  sodium: "guarded with sodium-native",
};
const MODES = Object.keys(NAMES);
const STEADY_MODES = ["bare", "crypto", "guarded"];
const GUARDED = ["guarded", "sodium"];
const WARM_UP_CALLS = 2000;
const ROUNDS = 9;
const CALLS = 1000;
const STEADY_ROUNDS = 11;
const STEADY_CALLS = 1500;
const STEADY_RATE = 500;

export async function benchHttp() {
  const folder = await mkdtemp(join(tmpdir(), "signet-bench-"));
  const bench = await HttpBench.start(folder, MODES);
  try {
    for (const mode of MODES) await bench.load(mode, WARM_UP_CALLS);
    return [
      ...throughputRows(await bench.rounds(MODES, ROUNDS, CALLS)),
      ...latencyRows(await bench.rounds(STEADY_MODES, STEADY_ROUNDS, STEADY_CALLS, STEADY_RATE)),
    ];
  } finally {
    bench.stop();
    await rm(folder, { recursive: true });
  }
}

export class HttpBench {
  #servers = new Map();
  #clients;

  static async start(folder, modes, env) {
    const bench = new HttpBench();
    const files = await writeFiles(folder);
    for (const mode of modes) {
      const server = forkScript("http-server.mjs", [mode, files.registry, files.key, TARGET], env);
      const [{ port }] = await once(server, "message");
      bench.#servers.set(mode, { server, port });
    }
    bench.#clients = forkScript("http-load.mjs", [files.agentSeed, TARGET]);
    return bench;
  }

  stop() {
    for (const { server } of this.#servers.values()) server.kill();
    this.#clients.kill();
  }

  /** Rounds in which every server has its turn, beginning with another one each time. */
  async rounds(modes, count, calls, perSecond) {
    const rounds = [];
    for (let round = 0; round < count; round++) {
      const measured = {};
      for (let turn = 0; turn < modes.length; turn++) {
        const mode = modes[(round + turn) % modes.length];
        measured[mode] = await this.load(mode, calls, perSecond);
      }
      rounds.push(measured);
    }
    return rounds;
  }

  /** @returns calls a second, the server's processor time a call in microseconds, and the latency of each in milliseconds. */
  async load(mode, calls, perSecond) {
    const { server, port } = this.#servers.get(mode);
    const before = await ask(server, "cpu");
    const { ms, latencies } = await ask(this.#clients, { port, mode, calls, perSecond });
    const after = await ask(server, "cpu");
    return {
      callsPerSecond: (calls / ms) * 1000,
      cpuMicroseconds: ((after.cpuMs - before.cpuMs) / calls) * 1000,
      latencies,
    };
  }
}

function throughputRows(rounds) {
  const of = (mode, what) => median(rounds.map((round) => round[mode][what]));
  const share = (mode) =>
    median(rounds.map((round) => round[mode].callsPerSecond / round.crypto.callsPerSecond));
  const rates = MODES.map((mode) => ({
    name: `HTTP calls, ${NAMES[mode]}`,
    value: of(mode, "callsPerSecond"),
    unit: "calls/s",
    ...(GUARDED.includes(mode) ? { share: share(mode), target: { atLeast: 0.95 } } : {}),
  }));
  const times = MODES.map((mode) => ({
    name: `processor time a call, ${NAMES[mode]}`,
    value: of(mode, "cpuMicroseconds"),
    unit: "µs",
  }));
  return [...rates, ...times];
}

/** Of each round its percentiles, of these the median: a pause of one server in one round is not what it is like. */
function latencyRows(rounds) {
  const of = (mode, percent) => median(rounds.map((round) => percentile(round[mode].latencies, percent)));
  const rows = STEADY_MODES.flatMap((mode) =>
    [50, 95, 99].map((percent) => ({
      name: `p${percent} at ${STEADY_RATE} calls/s, ${NAMES[mode]}`,
      value: of(mode, percent),
      unit: "ms",
    })),
  );
  const added = of("guarded", 99) - of("crypto", 99);
  return [
    ...rows,
    { name: "p99, guarded over verify and sign only", value: added, unit: "ms", target: { atMost: 1 } },
  ];
}

async function writeFiles(folder) {
  const [agentSeed, serverSeed] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
  const entry = (name, seed) => ({
    name,
    owner: "bench",
    publicKey: formatPublicKey(createSigner(seed).publicKey),
  });
  const registry = join(folder, "registry.json");
  const key = join(folder, "server.key");
  await writeFile(
    registry,
    testRegistryText({ agents: [entry("agent", agentSeed)], servers: [entry("server", serverSeed)] }),
  );
  const file = { v: 1, algorithm: "ed25519", name: "server", seed: serverSeed.toString("base64") };
  await writeFile(key, JSON.stringify(file), { mode: 0o600 });
  return { registry, key, agentSeed: agentSeed.toString("base64") };
}

function forkScript(script, args, env = {}) {
  return fork(fileURLToPath(new URL(script, import.meta.url)), args, { env: { ...process.env, ...env } });
}

async function ask(child, order) {
  child.send(order);
  const [answer] = await once(child, "message");
  if (answer.error !== undefined) throw new Error(answer.error);
  return answer;
}
