import { Option } from "commander";
import type { Command } from "commander";
import type { Receipt } from "../../receipt/types.js";
import type { TrustRegistry } from "../../trust/registry.js";
import { CliFault, doesNotHold } from "../faults.js";
import { auditDirectory } from "../home.js";
import { findPublicKey } from "../key-spec.js";
import { print, printJson, styled } from "../output.js";
import { printable } from "../../lib/text.js";
import { readInput } from "../read-input.js";
import { reportLog } from "../log-report.js";

interface Flags {
  readonly pubkey?: string;
  readonly trustBundle?: string;
  readonly chain?: true;
  readonly json?: true;
}

/** `signet verify` */
export function addVerify(program: Command): void {
  program
    .command("verify")
    .description("verify a receipt, or the chain of the audit log")
    .argument("[receipt]", "file of the receipt; - for the standard input")
    .option("--pubkey <key>", "whose it has to be: the name of a key, ed25519:…, or a .pub file")
    .addOption(
      new Option(
        "--trust-bundle <file>",
        "registry that says whose keys are trusted, and for what",
      ).conflicts("pubkey"),
    )
    .option("--chain", "verify the audit log in SIGNET_HOME instead")
    .option("--json", "print one JSON value")
    .addHelpText(
      "after",
      `
A countersigned receipt has to be the server's: --pubkey is the server's key then.

Examples:
  signet verify receipt.json --pubkey my-agent
  signet verify receipt.json --trust-bundle config/registry.yaml
  signet verify --chain`,
    )
    .action(verify);
}

async function verify(file: string | undefined, flags: Flags): Promise<void> {
  if (flags.chain === true) {
    if (file !== undefined)
      throw new CliFault("--chain verifies the log and takes no receipt: leave one out");
    await reportLog(auditDirectory(), { json: flags.json === true, title: "Chain" });
    return;
  }
  if (file === undefined) throw new CliFault("name the file of a receipt, or say --chain to verify the log");
  const { pubkey, trustBundle } = flags;
  if (pubkey === undefined && trustBundle === undefined)
    throw new CliFault("say whose receipt it has to be: --pubkey NAME, or --trust-bundle FILE");
  const receipt = await readReceipt(file);
  const faults =
    trustBundle === undefined
      ? await faultsUnderKey(receipt, pubkey ?? "")
      : await faultsUnderRegistry(receipt, trustBundle);
  report(receipt, faults, flags.json === true);
}

interface Fault {
  readonly code: string;
  readonly detail: string;
}

async function readReceipt(file: string): Promise<{ readonly receipt: Receipt } | Fault> {
  const text = await readInput(file, "the receipt");
  const { parseReceipt } = await import("../../receipt/parse.js");
  const parsed = parseReceipt(jsonOf(text, file));
  return parsed.ok ? { receipt: parsed.value } : { code: parsed.code, detail: parsed.detail };
}

function jsonOf(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CliFault(`${file} is no JSON: give the file of a receipt as signet sign writes it`);
  }
}

async function faultsUnderKey(
  read: { readonly receipt: Receipt } | Fault,
  pubkey: string,
): Promise<readonly Fault[]> {
  const key = await findPublicKey(pubkey, "--pubkey");
  if (!("receipt" in read)) return [read];
  const { checkReceiptOf } = await import("../../receipt/check-of.js");
  const check = checkReceiptOf(read.receipt, key, Date.now());
  return check.ok ? [] : [check];
}

async function faultsUnderRegistry(
  read: { readonly receipt: Receipt } | Fault,
  path: string,
): Promise<readonly Fault[]> {
  const [{ loadRegistry }, { makeReceiptChecker }] = await Promise.all([
    import("../../audit/verify/load-registry.js"),
    import("../../audit/verify/make-checker.js"),
  ]);
  const registry = await loadRegistry(path);
  if (registry === undefined) throw new Error("a path gives a registry");
  if (!("receipt" in read)) return [read];
  const checker = await makeReceiptChecker(new Map(), registry);
  const { receipt } = read;
  const { findings } = checker.check({ ...receipt }, undefined);
  const now = Date.now();
  const { checkTimeOf } = await import("../../receipt/check-of.js");
  const time = checkTimeOf(receipt, now);
  return [...findings, ...(time.ok ? [] : [time]), ...notTrustedNow(receipt, registry, now)];
}

/** Whoever has a key that is trusted no more can date a receipt as it likes. What was on record by then, `signet audit --verify` judges. */
function notTrustedNow(receipt: Receipt, registry: TrustRegistry, nowMs: number): readonly Fault[] {
  const lookUps =
    receipt.v === 3
      ? [registry.lookUp("servers", receipt.server.pubkey, nowMs)]
      : [registry.lookUp("agents", receipt.signer.pubkey, nowMs)];
  return lookUps.flatMap((found) => (found.ok ? [] : [{ code: found.code, detail: `${found.detail}, now` }]));
}

function report(read: { readonly receipt: Receipt } | Fault, faults: readonly Fault[], json: boolean): void {
  const isValid = faults.length === 0;
  if (!isValid) doesNotHold();
  const receipt = "receipt" in read ? read.receipt : undefined;
  if (json) {
    printJson({ ok: isValid, faults: unique(faults), receipt });
    return;
  }
  if (isValid && receipt !== undefined) print(`${styled("green", "Valid:")} ${printable(said(receipt))}`);
  for (const { code, detail } of unique(faults))
    print(`${styled("red", "Invalid:")} ${printable(`${code}: ${detail}`)}`);
}

function unique(faults: readonly Fault[]): readonly Fault[] {
  const seen = new Map(faults.map(({ code, detail }) => [`${code} ${detail}`, { code, detail }]));
  return [...seen.values()];
}

function said(receipt: Receipt): string {
  if (receipt.v === 3) {
    const { agent_receipt: agent, server, ts_response: ts } = receipt;
    const asked = `"${agent.signer.name}" asked for "${agent.action.tool}" at ${agent.ts}`;
    const status = receipt.response.outcome?.status ?? "executed";
    return `"${server.name}" answered at ${ts} (${status}); ${asked}`;
  }
  const ts = receipt.v === 2 ? receipt.ts_request : receipt.ts;
  return `"${receipt.signer.name}" signed "${receipt.action.tool}" at ${ts}`;
}
