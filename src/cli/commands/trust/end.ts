import type { Command } from "commander";
import type { TrustSection } from "../../../trust/types.js";
import { readPast } from "../../time-flag.js";
import { change } from "./change.js";
import type { ChangeFlags } from "./change.js";
import { sectionOption } from "./section-option.js";

interface Flags extends ChangeFlags {
  readonly section: TrustSection;
  readonly id: string;
  readonly at?: string;
}

/** `signet trust disable` */
export function addDisable(trust: Command): void {
  addEnd(trust, "disable", "cut a key off, for a time", "is disabled");
}

/** `signet trust revoke` */
export function addRevoke(trust: Command): void {
  addEnd(trust, "revoke", "cut a key off for good: it is in wrong hands", "is revoked");
}

function addEnd(trust: Command, kind: "disable" | "revoke", description: string, done: string): void {
  trust
    .command(kind)
    .description(description)
    .argument("<file>", "registry, YAML or JSON")
    .addOption(sectionOption())
    .requiredOption("--id <id>", "the entry's id")
    .option("--at <time>", "since when, such as 2026-11-26T00:00:00Z; now unless given")
    .option("--output <file>", "write the changed registry to this file instead")
    .option("--json", "print one JSON value")
    .addHelpText("after", `\nExample:\n  signet trust ${kind} config/registry.yaml --id deploy-bot-1`)
    .action(async (file: string, { section, id, at, ...flags }: Flags) => {
      const atMs = at === undefined ? {} : { atMs: readPast(at, "--at", Date.now()) };
      await change(file, { kind, section, id, ...atMs }, flags, `${id} ${done}`);
    });
}
