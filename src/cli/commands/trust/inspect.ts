import type { Command } from "commander";
import { printable } from "../../../lib/text.js";
import { formatTime } from "../../../lib/time.js";
import { print, printJson, printTable, styled } from "../../output.js";
import { entryJson, ENTRY_COLUMNS, listEntries, SECTIONS } from "./entries.js";
import { readRegistry } from "./read.js";

/** `signet trust inspect` */
export function addInspect(trust: Command): void {
  trust
    .command("inspect")
    .description("show what a registry is, and who is in it")
    .argument("<file>", "registry, YAML or JSON")
    .option("--json", "print one JSON value")
    .addHelpText("after", "\nExample:\n  signet trust inspect config/registry.yaml")
    .action(inspect);
}

async function inspect(file: string, { json }: { readonly json?: true }): Promise<void> {
  const registry = await readRegistry(file);
  const { bundleId, org, env, generatedAtMs, description, source } = registry.header;
  const entries = listEntries(registry, Date.now());
  if (json === true) {
    const header = {
      bundle_id: bundleId,
      org,
      env,
      generated_at: formatTime(generatedAtMs),
      description,
      source,
    };
    printJson({ ...header, entries: entries.map(entryJson) });
    return;
  }
  const facts = {
    Bundle: bundleId,
    Org: org,
    Env: env,
    Generated: formatTime(generatedAtMs),
    Description: description,
    Source: source,
  };
  for (const [name, text] of Object.entries(facts))
    if (text !== undefined) print(`${styled("bold", `${name}:`)} ${printable(text)}`);
  print("");
  for (const section of SECTIONS) {
    const own = entries.filter((entry) => entry.section === section);
    const active = own.filter(({ standing }) => standing === "active").length;
    print(`${section}: ${own.length}, active ${active}`);
  }
  if (entries.length === 0) return;
  print("");
  printTable(ENTRY_COLUMNS, entries);
}
