import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AuditLog } from "signet-mcp/audit";
import { SigningTransport } from "signet-mcp/client";
import type { AnsweredRequest } from "signet-mcp/client";
import { createSigner, formatPublicKey, signReceipt } from "signet-mcp/receipt";
import type { Signer } from "signet-mcp/receipt";
import { createMemoryReplayStore } from "signet-mcp/replay";
import type { ReplayStore } from "signet-mcp/replay";
import { createGuard, verifiedCall } from "signet-mcp/server";
import { RECEIPT_META_KEY } from "./meta-keys.js";
import { bare, createGate } from "./security.js";
import type { AgentName, Gate, Security } from "./security.js";

const TARGET = "mcp://matrix";
const SERVER = "matrix-server";
const OWNER = "matrix-team";

const agents = { alice: createSigner(randomBytes(32)), bob: createSigner(randomBytes(32)) };

/** A signing transport under the clients of servers that know nothing of it. */
export function createSigned(): Promise<Security> {
  return Promise.resolve({
    ...bare,
    title: "signing client, bare server",
    signAs: (agent) => (transport) =>
      new SigningTransport(transport, { identity: identityOf(agent), target: TARGET }),
    signParams,
  });
}

/**
 * A guard in front of the servers and a signing transport under the clients, set up as their authors would.
 *
 * @param options - `patient` makes every signature and every claim of a nonce wait, as they do when the key or the
 * store is elsewhere, and has both ends put on record, in one log, what they do. Servers in child processes always do.
 */
export async function createGuarded({ patient }: { readonly patient: boolean }): Promise<Security> {
  const folder = await mkdtemp(join(tmpdir(), "signet-matrix-"));
  const seed = randomBytes(32);
  const registry = join(folder, "registry.json");
  const signer = createSigner(seed);
  await writeFile(registry, registryText(signer));
  const keyFile = join(folder, "server.key");
  await writeFile(keyFile, keyFileText(SERVER, seed), { mode: 0o600 });
  const identity = patient ? { signer: remote(signer), name: SERVER } : keyFile;

  const gate = createGate();
  const audit = join(folder, "audit");
  const guard = await createGuard({
    registry,
    identity,
    target: TARGET,
    replay: gated(gate, patient),
    ...(patient ? { audit } : {}),
  });
  const answered: AnsweredRequest[] = [];
  return {
    title: patient ? "guarded, keys and nonces elsewhere" : "guarded",
    guarded: true,
    verifiedCall,
    protect: (server) => guard.protect(server),
    signAs: (agent) => (transport) =>
      new SigningTransport(transport, {
        identity: patient ? { ...identityOf(agent), signer: remote(agents[agent]) } : identityOf(agent),
        target: TARGET,
        servers: registry,
        ...(patient ? { audit } : {}),
        onReceipt: (one) => void answered.push(one),
      }),
    signParams,
    childEnvironment: {
      E2E_GUARD: JSON.stringify({ registry, identity: keyFile, target: TARGET, audit }),
      SIGNET_HOME: folder,
    },
    gate,
    answers: () => answered.map(({ request, verified }) => ({ method: String(request["method"]), verified })),
    async verifyLog() {
      // Without a server that runs here there is a log only if a child process has written one.
      const log = await AuditLog.open(audit, { readOnly: true }).catch(() => undefined);
      return log?.verify({ registry });
    },
    async close() {
      await guard.close();
      await rm(folder, { recursive: true });
    },
  };
}

function identityOf(agent: AgentName): { signer: Signer; name: string; owner: string } {
  return { signer: agents[agent], name: agent, owner: OWNER };
}

const signParams: Security["signParams"] = async (agent, { name, arguments: params }) => {
  const action = { tool: name, params, target: TARGET, transport: "http" };
  const receipt = await signReceipt({ ...identityOf(agent), ...action, issuedAtMs: Date.now() });
  return { name, arguments: params, _meta: { [RECEIPT_META_KEY]: receipt } };
};

/** The memory store, with a gate in front of it. */
function gated(gate: Gate, patient: boolean): ReplayStore {
  const store = createMemoryReplayStore();
  return {
    ...(store.startedAtMs === undefined ? {} : { startedAtMs: store.startedAtMs }),
    claim: (...nonce) => {
      const passed = gate.pass() ?? (patient ? aWhile() : undefined);
      return passed === undefined ? store.claim(...nonce) : passed.then(() => store.claim(...nonce));
    },
  };
}

/** A signer as one would be that asks a key service. */
function remote(signer: Signer): Signer {
  return {
    publicKey: signer.publicKey,
    async sign(message) {
      await aWhile();
      return signer.sign(message);
    },
  };
}

/** Lets everything else go first that is ready to go. */
function aWhile(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

function registryText(server: Signer): string {
  const entry = (name: string, { publicKey }: Signer): object => ({
    id: `${name}-1`,
    name,
    owner: OWNER,
    pubkey: formatPublicKey(publicKey),
    status: "active",
    created_at: "2026-01-01T00:00:00Z",
  });
  return JSON.stringify({
    version: 1,
    bundle_id: "tb_matrix",
    org: "example",
    env: "test",
    generated_at: "2026-01-01T00:00:00Z",
    roots: [],
    agents: [entry("alice", agents.alice), entry("bob", agents.bob)],
    servers: [entry(SERVER, server)],
  });
}

function keyFileText(name: string, seed: Uint8Array): string {
  return JSON.stringify({ v: 1, algorithm: "ed25519", name, seed: Buffer.from(seed).toString("base64") });
}
