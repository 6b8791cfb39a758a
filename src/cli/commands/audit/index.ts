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
  signet audit --since 24h --tool github_*
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
