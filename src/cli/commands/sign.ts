import type { Command } from "commander";
import type { SigningAgent } from "../../agent/signing-agent.js";
import { printable } from "../../lib/text.js";
import { CliFault } from "../faults.js";
import { note } from "../output.js";
import { oldPassphrase } from "../passphrase.js";
import { readInput } from "../read-input.js";
import { readEnd } from "../time-flag.js";
import { isKeyName } from "../../keystore/names.js";
import { requireOutput, writeOutput } from "../write-output.js";

interface Flags {
  readonly key: string;
  readonly tool?: string;
  readonly toolFromEnv?: string;
  readonly params?: string;
  readonly paramsFromEnv?: string;
  readonly target?: string;
  readonly transport?: string;
  readonly hashOnly?: true;
  readonly encryptParams?: true;
  readonly exp?: string;
  readonly session?: string;
  readonly callId?: string;
  readonly traceId?: string;
  readonly parentReceiptId?: string;
  readonly principal?: string;
  readonly actingFor?: string;
  readonly output?: string;
  readonly log: boolean;
}

/** `signet sign` */
export function addSign(program: Command): void {
  program
    .command("sign")
    .description("sign a tool call: print its receipt, and put it on record")
    .requiredOption("--key <name>", "name of the key that signs")
    .option("--tool <tool>", "name of the tool")
    .option("--tool-from-env <variable>", "variable of the environment with the tool's name")
    .option("--params <json>", "its arguments as JSON, or @FILE; {} unless given")
    .option("--params-from-env <variable>", "variable of the environment with the arguments as JSON")
    .option("--target <uri>", "the server that the call is for; no guard takes a receipt without")
    .option("--transport <word>", "how the call travels", "stdio")
    .option("--hash-only", "the receipt tells only the hash of the arguments")
    .option("--encrypt-params", "the log holds the arguments encrypted, for whoever has the key")
    .option(
      "--exp <time>",
      "when the receipt ends: a time such as 2026-11-27T00:00:00Z, or how long it lasts, such as 5m",
    )
    .option("--session <id>", "conversation of the agent")
    .option("--call-id <id>", "id that the framework or the model gave the call")
    .option("--trace-id <id>", "id of a trace over several calls")
    .option("--parent-receipt-id <id>", "receipt of the call that this one follows from")
    .option("--principal <uri>", "who signs, where it is not what the key's public file says")
    .option("--acting-for <uri>", "principal that the signer acts for, such as user://acme/alice")
    .option("--output <file>", "write the receipt to a new file")
    .option("--no-log", "do not put it on record")
    .addHelpText(
      "after",
      `
Examples:
  signet sign --key my-agent --tool github_create_issue --params '{"title":"fix bug"}' --target mcp://github
  signet sign --key my-agent --tool deploy --params @deploy.json --target mcp://ci --exp 5m --output receipt.json`,
    )
    .action(sign);
}

async function sign(flags: Flags): Promise<void> {
  if (!isKeyName(flags.key))
    throw new CliFault(`--key must be the name of a key, got ${JSON.stringify(flags.key)}`);
  if (flags.hashOnly === true && flags.encryptParams === true)
    throw new CliFault("--hash-only leaves no params to encrypt: leave it or --encrypt-params out");
  const tool = toolOf(flags);
  const params = await paramsOf(flags);
  await requireOutput(flags.output);
  const now = Date.now();
  const exp = flags.exp === undefined ? undefined : readEnd(flags.exp, "--exp", now) - now;
  const agent = await openAgent(flags.key);
  try {
    const receipt = await agent.sign(tool, params, {
      target: flags.target ?? "",
      transport: flags.transport,
      hashOnly: flags.hashOnly,
      encryptParams: flags.encryptParams,
      exp,
      session: flags.session,
      callId: flags.callId,
      traceId: flags.traceId,
      parentReceiptId: flags.parentReceiptId,
      actingFor: flags.actingFor,
      principal: flags.principal,
      audit: flags.log,
    });
    // What JSON may leave as it is, a terminal may obey.
    await writeOutput(printable(JSON.stringify(receipt)), flags.output, 0o644);
    if (flags.output !== undefined) note(`Written to ${flags.output}.`);
    if (flags.target === undefined) {
      note("The receipt names no server, so no guard takes it: say --target, such as --target mcp://github.");
    }
  } finally {
    await agent.close();
  }
}

async function openAgent(name: string): Promise<SigningAgent> {
  const [{ SigningAgent }, { KeystoreError }] = await Promise.all([
    import("../../agent/signing-agent.js"),
    import("../../errors.js"),
  ]);
  try {
    return await SigningAgent.open(name);
  } catch (error) {
    if (!(error instanceof KeystoreError) || error.code !== "passphrase_missing") throw error;
    return await SigningAgent.open(name, { passphrase: await oldPassphrase(name) });
  }
}

function toolOf({ tool, toolFromEnv }: Flags): string {
  if (tool !== undefined && toolFromEnv !== undefined)
    throw new CliFault("--tool and --tool-from-env are two ways to say one thing: leave one out");
  const name = toolFromEnv === undefined ? tool : process.env[toolFromEnv];
  if (name !== undefined && name !== "") return name;
  throw new CliFault(
    toolFromEnv === undefined
      ? "name the tool that is called: --tool NAME"
      : `the variable ${toolFromEnv} names no tool: set it`,
  );
}

async function paramsOf({ params, paramsFromEnv }: Flags): Promise<unknown> {
  if (params !== undefined && paramsFromEnv !== undefined)
    throw new CliFault("--params and --params-from-env are two ways to say one thing: leave one out");
  if (paramsFromEnv !== undefined) {
    const text = process.env[paramsFromEnv];
    if (text === undefined) throw new CliFault(`the variable ${paramsFromEnv} is not set`);
    return jsonOf(text, `the variable ${paramsFromEnv}`);
  }
  if (params === undefined) return {};
  if (!params.startsWith("@")) return jsonOf(params, "--params");
  return jsonOf(await readInput(params.slice(1), "the params"), params.slice(1));
}

function jsonOf(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What the parser says quotes the text, and that may be a secret.
    throw new CliFault(
      `${where} is no JSON: write it like --params '{"title":"fix bug"}', quoted for the shell`,
    );
  }
}
