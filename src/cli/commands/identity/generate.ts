import type { Command } from "commander";
import { note, print, printJson } from "../../output.js";
import { chooseProtection } from "../../passphrase.js";
import { createdNote } from "./created.js";

interface Flags {
  readonly name: string;
  readonly owner?: string;
  readonly principal?: string;
  readonly unencrypted?: true;
  readonly json?: true;
}

/** `signet identity generate` */
export function addGenerate(identity: Command): void {
  identity
    .command("generate")
    .description("make a new key, encrypted unless told otherwise; never overwrites one")
    .requiredOption("--name <name>", 'its name: letters, digits, "_" and "-"')
    .option("--owner <owner>", "whose it is, as the registry is to have it")
    .option("--principal <uri>", "who signs with it, such as agent://acme/deploy-bot")
    .option("--unencrypted", "keep it as it is, for whoever can read the file")
    .option("--json", "print one JSON value")
    .addHelpText(
      "after",
      `
Examples:
  signet identity generate --name deploy-bot --owner platform-team
  SIGNET_PASSPHRASE=… signet identity generate --name deploy-bot
  signet identity generate --name github-mcp --unencrypted`,
    )
    .action(generate);
}

async function generate({ name, owner, principal, unencrypted, json }: Flags): Promise<void> {
  const { openKeystore } = await import("../../../keystore/index.js");
  const keystore = openKeystore();
  // Before anybody is asked for anything.
  await keystore.requireFree(name);
  const protection = await chooseProtection(name, unencrypted);
  const key = await keystore.generate(name, {
    ...protection,
    ...(owner === undefined ? {} : { owner }),
    ...(principal === undefined ? {} : { principal }),
  });
  if (json === true) {
    printJson(key);
    return;
  }
  print(key.publicKey ?? "");
  note(createdNote(key, keystore.dir));
}
