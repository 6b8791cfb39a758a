import type { Command } from "commander";
import type { TrustSection } from "../../../trust/types.js";
import { findPublicKey } from "../../key-spec.js";
import { readEnd, readPast } from "../../time-flag.js";
import { change } from "./change.js";
import type { ChangeFlags } from "./change.js";
import { ownKey } from "./own-key.js";
import { sectionOption } from "./section-option.js";

interface Flags extends ChangeFlags {
  readonly section: TrustSection;
  readonly id: string;
  readonly newId: string;
  readonly newPubkey: string;
  readonly newName?: string;
  readonly newOwner?: string;
  readonly overlapUntil?: string;
  readonly at?: string;
}

/** `signet trust rotate` */
export function addRotate(trust: Command): void {
  trust
    .command("rotate")
    .description("list a second key for whom an entry stands for, and see the first one off")
    .argument("<file>", "registry, YAML or JSON")
    .addOption(sectionOption())
    .requiredOption("--id <id>", "the entry whose key is replaced")
    .requiredOption("--new-id <id>", "id of the new entry")
    .requiredOption("--new-pubkey <key>", "the new key: ed25519:…, a .pub file, or the name of a key")
    .option(
      "--new-name <name>",
      "that of the key if it is one of the keystore, or else of the first, unless given",
    )
    .option("--new-owner <owner>", "the owner of the first unless given")
    .option(
      "--overlap-until <time>",
      "both keys are trusted until then: a time, or how long from now, such as 7d; the first is disabled unless given",
    )
    .option("--at <time>", "since when; now unless given")
    .option("--output <file>", "write the changed registry to this file instead")
    .option("--json", "print one JSON value")
    .addHelpText(
      "after",
      `
Tools, targets, limits and principal of the first are the new one's too. Its name has to be the one that the new key signs with.

Example:
  signet trust rotate config/registry.yaml --id deploy-bot-1 --new-id deploy-bot-2 --new-pubkey deploy-bot-2 --overlap-until 7d`,
    )
    .action(rotate);
}

async function rotate(file: string, flags: Flags): Promise<void> {
  const { section, id, newId, newOwner, overlapUntil, at, output, json } = flags;
  const newName = flags.newName ?? (await ownKey(flags.newPubkey))?.name;
  await change(
    file,
    {
      kind: "rotate",
      section,
      id,
      newId,
      newPubkey: await findPublicKey(flags.newPubkey, "--new-pubkey"),
      ...(newName === undefined ? {} : { newName }),
      ...(newOwner === undefined ? {} : { newOwner }),
      ...(overlapUntil === undefined
        ? {}
        : { overlapUntilMs: readEnd(overlapUntil, "--overlap-until", Date.now()) }),
      ...(at === undefined ? {} : { atMs: readPast(at, "--at", Date.now()) }),
    },
    { ...(output === undefined ? {} : { output }), ...(json === undefined ? {} : { json }) },
    `${newId} is listed beside ${id}, without an end of its own: what the first had is not taken over`,
  );
}
