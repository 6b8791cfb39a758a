import { Option } from "commander";
import type { Command } from "commander";
import type { TrustSection } from "../../../trust/types.js";
import { note, printJson, printTable } from "../../output.js";
import { entryJson, ENTRY_COLUMNS, listEntries, SECTIONS } from "./entries.js";
import { readRegistry } from "./read.js";

interface Flags {
  readonly section?: TrustSection;
  readonly activeOnly?: true;
  readonly json?: true;
}

/** `signet trust list` */
export function addList(trust: Command): void {
  trust
    .command("list")
    .description("list who is in a registry")
    .argument("<file>", "registry, YAML or JSON")
    .addOption(new Option("--section <section>", "only these").choices(SECTIONS))
    .option("--active-only", "only those that are trusted now")
    .option("--json", "print one JSON value")
    .addHelpText(
      "after",
      "\nExample:\n  signet trust list config/registry.yaml --section agents --active-only",
    )
    .action(list);
}

async function list(file: string, { section, activeOnly, json }: Flags): Promise<void> {
  const registry = await readRegistry(file);
  const entries = listEntries(registry, Date.now()).filter(
    (one) =>
      (section === undefined || one.section === section) &&
      (activeOnly !== true || one.standing === "active"),
  );
  if (json === true) printJson(entries.map(entryJson));
  else if (entries.length === 0) note("There is none.");
  else printTable(ENTRY_COLUMNS, entries);
}
