import type { Command } from "commander";
import type { NewTrustEntry } from "../../../trust/edit/index.js";
import type { TrustSection } from "../../../trust/types.js";
import { CliFault } from "../../faults.js";
import { findPublicKey } from "../../key-spec.js";
import { readEnd, readPast } from "../../time-flag.js";
import { change } from "./change.js";
import type { ChangeFlags } from "./change.js";
import { ownKey } from "./own-key.js";
import { sectionOption } from "./section-option.js";

interface Flags extends ChangeFlags {
  readonly section: TrustSection;
  readonly id?: string;
  readonly name?: string;
  readonly owner?: string;
  readonly pubkey?: string;
  readonly principal?: string;
  readonly tools?: readonly string[];
  readonly targets?: readonly string[];
  readonly maxCalls?: string;
  readonly windowSeconds?: string;
  readonly expires?: string;
  readonly createdAt?: string;
  readonly comment?: string;
}

/** `signet trust add` */
export function addAdd(trust: Command): void {
  trust
    .command("add")
    .description("list one more key")
    .argument("<file>", "registry, YAML or JSON")
    .addOption(sectionOption())
    .option(
      "--name <name>",
      "name that its receipts are signed with; with a key of that name in the keystore nothing else is needed",
    )
    .option(
      "--pubkey <key>",
      "its public key: ed25519:…, a .pub file, or the name of a key; the key called --name unless given",
    )
    .option("--id <id>", "id of the entry; made of the name unless given")
    .option("--owner <owner>", "whose it is; what the key's public file says unless given")
    .option("--principal <uri>", "who signs with it, such as agent://acme/deploy-bot")
    .option("--tools <patterns...>", "what it may call, such as github_*; everything unless given")
    .option("--targets <patterns...>", "servers that it may call, or answer for; all unless given")
    .option("--max-calls <number>", "how often it may call within --window-seconds")
    .option("--window-seconds <number>", "length of that window")
    .option(
      "--expires <time>",
      "when it ends: 2027-11-26, or how long from now, such as 90d; never unless given",
    )
    .option("--created-at <time>", "since when its receipts count, such as 2026-11-01; now unless given")
    .option("--comment <text>", "a word for whoever reads the file")
    .option("--output <file>", "write the changed registry to this file instead")
    .option("--json", "print one JSON value")
    .addHelpText(
      "after",
      `
Examples:
  signet trust add config/registry.yaml --name my-agent --tools "github_*" --expires 90d
  signet trust add config/registry.yaml --section servers --name github-mcp --pubkey ed25519:… --owner platform`,
    )
    .action(add);
}

async function add(file: string, { section, output, json, ...flags }: Flags): Promise<void> {
  const entry = await entryOf(flags);
  const shared: ChangeFlags = {
    ...(output === undefined ? {} : { output }),
    ...(json === undefined ? {} : { json }),
  };
  await change(file, { kind: "add", section, entry }, shared, `${entry.id} is listed`);
}

async function entryOf(flags: Omit<Flags, "section" | keyof ChangeFlags>): Promise<NewTrustEntry> {
  const { name, pubkey, tools, targets, expires, createdAt, comment } = flags;
  if (name === undefined) throw new CliFault("name the key: --name NAME, as its receipts are signed with");
  const own = await ownKey(pubkey ?? name);
  if (pubkey === undefined && own === undefined)
    throw new CliFault(
      `there is no key ${name} in the keystore: give its public key by --pubkey, or make it by signet identity generate --name ${name}`,
    );
  const owner = flags.owner ?? own?.owner;
  if (owner === undefined) throw new CliFault("say whose key it is: --owner OWNER");
  const principal = flags.principal ?? own?.principal;
  const limits = limitsOf(flags);
  const now = Date.now();
  return {
    id: flags.id ?? name,
    name,
    owner,
    pubkey: await findPublicKey(pubkey ?? name, "--pubkey"),
    ...(principal === undefined ? {} : { principal }),
    ...(tools === undefined ? {} : { tools }),
    ...(targets === undefined ? {} : { targets }),
    ...(limits === undefined ? {} : { limits }),
    ...(createdAt === undefined ? {} : { createdAtMs: readPast(createdAt, "--created-at", now) }),
    ...(expires === undefined ? {} : { expiresAtMs: readEnd(expires, "--expires", now) }),
    ...(comment === undefined ? {} : { comment }),
  };
}

function limitsOf({
  maxCalls,
  windowSeconds,
}: Pick<Flags, "maxCalls" | "windowSeconds">): NewTrustEntry["limits"] {
  if (maxCalls === undefined && windowSeconds === undefined) return undefined;
  if (maxCalls === undefined || windowSeconds === undefined)
    throw new CliFault("--max-calls and --window-seconds go together: give both");
  return {
    maxCalls: readNumber(maxCalls, "--max-calls"),
    windowMs: readNumber(windowSeconds, "--window-seconds") * 1000,
  };
}

function readNumber(text: string, flag: string): number {
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new CliFault(`${flag} must be a number from 1 on, got ${JSON.stringify(text)}`);
}
