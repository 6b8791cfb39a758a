import { Option } from "commander";
import type { Command } from "commander";
import type { ExploreFlags } from "./flags.js";
import { auditDirectory } from "../../home.js";

/** `signet explore`: the log, record by record. */
export function addExplore(program: Command): void {
  program
    .command("explore")
    .description("browse the log: search it, open a record, see what was verified of it")
    .option("--since <time>", "records of this time or later: 24h, 7d, or 2026-11-26T00:00:00Z")
    .option("--until <time>", "records from before this time")
    .option("--tool <text>", "records whose tool has this in its name; * stands for any characters")
    .option("--signer <name>", "records of this agent: its name, or its key")
    .option("--outcome <status>", "records of this outcome: executed, failed, rejected")
    .option("--limit <number>", "the newest so many", "500")
    .option("--trust-bundle <file>", "registry that says whose keys are trusted")
    .addOption(new Option("--dir <dir>", "the log's directory, where it is not SIGNET_HOME/audit"))
    .option("--json", "print one JSON value: the records, and what was verified of each")
    .addHelpText(
      "after",
      `
In a terminal: arrow keys move, typing searches (signer, tool, target, outcome, id), enter opens a record, escape goes
back, ctrl-c ends. Elsewhere it prints a line for each record, the newest first, and exits with 1 if one does not hold.

Examples:
  signet explore --since 24h --trust-bundle config/registry.yaml
  signet explore --outcome rejected
  signet explore --json --limit 20`,
    )
    .action(explore);
}

async function explore(flags: ExploreFlags): Promise<void> {
  const { loadRecords } = await import("./load-records.js");
  const dir = flags.dir ?? auditDirectory();
  const records = await loadRecords(dir, flags);
  const { openLog } = await import("./open-log.js");
  const log = await openLog(dir, flags.trustBundle);
  if (flags.json !== true && records.length > 0 && isInteractive()) {
    await (await import("./browse.js")).browse(log, records);
    return;
  }
  await (await import("./print-records.js")).printRecords(log, records, flags.json === true);
}

/** Whether keys can be read, and the cursor moved. */
function isInteractive(): boolean {
  return process.stdin.isTTY && process.stdout.isTTY && process.env["TERM"] !== "dumb";
}
