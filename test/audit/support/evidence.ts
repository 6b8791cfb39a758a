import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { env } from "node:process";

import { AuditLog } from "../../../src/audit/log.js";
import type { AuditLogOptions } from "../../../src/audit/options.js";
import { paramsKey } from "../../../src/audit/record/params-cipher.js";
import { createSigner, formatPublicKey } from "../../../src/receipt/index.js";
import { agentReceiptText, paramsText } from "../../../src/receipt/agent-text.js";
import { contentHash } from "../../../src/receipt/content-hash.js";
import { countersignReceipt } from "../../../src/receipt/countersign.js";
import { signReceipt } from "../../../src/receipt/sign.js";
import type { Outcome, ReceiptV1, ReceiptV3 } from "../../../src/receipt/types.js";

/** Logs of signed calls, and the released CLI to look at them. */

export const AGENT_SEED: Uint8Array = new Uint8Array(32).fill(21);
const agent = createSigner(AGENT_SEED);
const server = createSigner(new Uint8Array(32).fill(22));
export const AGENT_KEY: string = formatPublicKey(agent.publicKey);
export const SERVER_KEY: string = formatPublicKey(server.publicKey);

/** When the first call of a log was made. */
export const START_MS: number = Date.parse("2026-11-24T10:00:00.000Z");
const HOUR_MS = 3_600_000;

/** A registry, as JSON, that lists both keys. */
export function registryText(agentMembers: object = {}): string {
  return registryOf([{ ...entry("bot", AGENT_KEY), ...agentMembers }]);
}

const HOME = new URL("../../vectors/home/", import.meta.url);
const goldenKey = (name: string): { pubkey: string; seed: string } =>
  JSON.parse(readFileSync(new URL(`keys/${name}`, HOME), "utf8")) as { pubkey: string; seed: string };

/** One that lists the agents of the golden log beside this file's. */
export function goldenRegistryText(): string {
  const golden = ["plain-bot", "locked-bot"];
  return registryOf([
    entry("bot", AGENT_KEY),
    ...golden.map((name) => entry(name, `ed25519:${goldenKey(`${name}.pub`).pubkey}`)),
  ]);
}

/** What the params in the golden log are encrypted with, by the key of their signer. */
export const GOLDEN_PARAMS_KEYS: ReadonlyMap<string, Uint8Array> = new Map([
  [
    `ed25519:${goldenKey("plain-bot.pub").pubkey}`,
    paramsKey(Buffer.from(goldenKey("plain-bot.key").seed, "base64")),
  ],
]);

function entry(name: string, pubkey: string): object {
  return {
    id: `${name}-1`,
    name,
    owner: "acme",
    pubkey,
    status: "active",
    created_at: "2026-01-01T00:00:00Z",
  };
}

function registryOf(agents: readonly object[]): string {
  return JSON.stringify({
    version: 1,
    bundle_id: "tb_evidence",
    org: "acme",
    env: "test",
    generated_at: "2026-11-01T00:00:00Z",
    agents,
    servers: [entry("github-mcp", SERVER_KEY)],
  });
}

/** A call of some hour of the log. */
export function call(
  n: number,
  params: unknown = { n },
  issuedAtMs: number = START_MS + n * HOUR_MS,
): ReceiptV1 {
  const receipt = signReceipt({
    signer: agent,
    name: "bot",
    owner: "acme",
    tool: n % 2 === 0 ? "read" : "write",
    target: "mcp://github",
    transport: "stdio",
    params,
    issuedAtMs,
  });
  if (receipt instanceof Promise) throw new Error("a local signer is synchronous");
  return receipt;
}

/** The server's end of it. */
export function ended(
  agentReceipt: ReceiptV1,
  afterMs: number = 5,
  outcome: Outcome = { status: "executed" },
): ReceiptV3 {
  const receipt = countersignReceipt({
    signer: server,
    name: "github-mcp",
    agentReceipt,
    agentReceiptText: agentReceiptText(agentReceipt, paramsText(agentReceipt)).whole,
    contentHash: contentHash({}),
    outcome,
    respondedAtMs: Date.parse(agentReceipt.ts) + afterMs,
  });
  if (receipt instanceof Promise) throw new Error("a local signer is synchronous");
  return receipt;
}

/** Writes calls and their ends, one call an hour, over as many days as that takes. */
export async function writeCalls(dir: string, calls: number, options: AuditLogOptions = {}): Promise<void> {
  let now = START_MS;
  const log = await AuditLog.open(dir, { clock: () => now, ...options });
  for (let n = 0; n < calls; n++) {
    const receipt = call(n);
    now = Date.parse(receipt.ts);
    await log.append(receipt);
    await log.append(ended(receipt));
  }
  await log.close();
}

/** Path of the released CLI; `undefined` where it is not. */
export const CLI: string | undefined = env["SIGNET_CLI"];
/** Names what is passed over without it. */
export const WITH_CLI = "signet-cli 0.11.0 (skipped unless SIGNET_CLI is set)";

/** What a program said, and how it ended. */
export interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the released CLI. @param home - Its `SIGNET_HOME`. */
export function runCli(home: string, ...args: readonly string[]): Promise<Run> {
  return runProgram(CLI ?? "", args, { env: { ...env, SIGNET_HOME: home } });
}

export function runProgram(
  program: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string } = {},
): Promise<Run> {
  return new Promise((resolve, reject) => {
    execFile(program, [...args], { encoding: "utf8", ...options }, (error, out, err) => {
      if (error !== null && typeof error.code !== "number") reject(error);
      else resolve({ code: Number(error?.code ?? 0), out, err });
    });
  });
}
