import { Option } from "commander";
import type { Command } from "commander";
import { CliFault } from "../../faults.js";
import { auditDirectory } from "../../home.js";
import type { AuditFlags } from "./flags.js";

/** What the flags may ask for: one at a time. */
const TASKS = ["verify", "export", "bundle", "restore", "unfinished"] as const;

/** `signet audit`: the log. */
export function addAudit(program: Command): void {
  program
    .command("audit")
    .description("list what is on record; verify, export or bundle it")
    .option("--since <time>", "records of this time or later: 24h, 7d, or 2026-11-26T00:00:00Z")
    .option("--until <time>", "records from before this time")
    .option("--tool <text>", "records whose tool has this in its name; * stands for any characters")
    .option("--signer <name>", "records of this agent: its name, or its key")
    .option("--outcome <status>", "records of this outcome: executed, failed, rejected")
    .option("--limit <number>", "the newest so many")
    .option("--verify", "verify the chain and all signatures of the whole log")
    .option("--trust-bundle <file>", "registry that says whose keys are trusted, for --verify and --restore")
    .option("--export <file>", "write the records to a new JSON file")
    .option("--decrypt-params", "open encrypted params with your own keys, for --export and --verify")
    .option("--bundle <dir>", "write an evidence bundle, which an auditor can verify elsewhere")
    .option("--include-trust-bundle <file>", "put this registry into the bundle")
    .option("--restore <dir>", "verify an evidence bundle")
    .option("--unfinished", "list calls of which the log does not say how they ended")
    .addOption(new Option("--dir <dir>", "the log's directory, where it is not SIGNET_HOME/audit"))
    .option("--json", "print one JSON value")
    .addHelpText(
      "after",
      `
Examples:
  signet audit --since 24h --tool "github_*"
  signet audit --verify --trust-bundle config/registry.yaml
  signet audit --bundle evidence --include-trust-bundle config/registry.yaml
  signet audit --restore evidence`,
    )
    .action(audit);
}

async function audit(flags: AuditFlags): Promise<void> {
  const asked = TASKS.filter((task) => flags[task] !== undefined);
  if (asked.length > 1)
    throw new CliFault(`${asked.map((task) => `--${task}`).join(" and ")} are two tasks: do one at a time`);
  requireMeaning(flags, asked[0]);
  const dir = flags.dir ?? auditDirectory();
  switch (asked[0]) {
    case "verify":
      return await (await import("./verify.js")).verifyLog(dir, flags);
    case "export":
      return await (await import("./export.js")).exportRecords(dir, flags);
    case "bundle":
      return await (await import("./bundle.js")).bundle(dir, flags);
    case "restore":
      return await (await import("./restore.js")).restore(flags);
    case "unfinished":
      return await (await import("./unfinished.js")).listUnfinished(dir, flags);
    default:
      return await (await import("./list.js")).listRecords(dir, flags);
  }
}

/** Flags that choose records, and the tasks for which they do. */
const CHOOSING: Readonly<Partial<Record<keyof AuditFlags, readonly string[]>>> = {
  since: ["list", "export", "bundle"],
  until: ["list", "export", "bundle"],
  tool: ["list", "export"],
  signer: ["list", "export"],
  outcome: ["list", "export"],
  limit: ["list", "export"],
  trustBundle: ["verify", "restore"],
  decryptParams: ["verify", "restore", "export"],
  includeTrustBundle: ["bundle"],
};

/** A flag that would be passed over looks as if it had been heeded. */
function requireMeaning(flags: AuditFlags, task: string = "list"): void {
  for (const [name, tasks] of Object.entries(CHOOSING)) {
    if (!Object.hasOwn(flags, name) || tasks.includes(task)) continue;
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    const where = tasks.map((one) => (one === "list" ? "the list" : `--${one}`)).join(", ");
    throw new CliFault(`${flag} means something for ${where} only: leave it out, or say what it is for`);
  }
}
