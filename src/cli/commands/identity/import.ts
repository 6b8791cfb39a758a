import type { Command } from "commander";
import { ask, chooseProtection } from "../../passphrase.js";
import { note, print, printJson } from "../../output.js";
import { readInput } from "../../read-input.js";
import { createdNote } from "./created.js";

interface Flags {
  readonly name: string;
  readonly owner?: string;
  readonly principal?: string;
  readonly unencrypted?: true;
  readonly sourcePassphraseEnv?: string;
  readonly json?: true;
}

/** `signet identity import` */
export function addImport(identity: Command): void {
  identity
    .command("import")
    .description("take in a private key from elsewhere: a PKCS#8 PEM, or an OpenSSH key of type ed25519")
    .argument("<file>", "the file of the key; - for the standard input")
    .requiredOption("--name <name>", "the name that it gets here")
    .option("--owner <owner>", "whose it is, as the registry is to have it")
    .option("--principal <uri>", "who signs with it, such as agent://acme/deploy-bot")
    .option("--unencrypted", "keep it as it is, for whoever can read the file")
    .option("--source-passphrase-env <variable>", "variable of the environment with the PEM's own passphrase")
    .option("--json", "print one JSON value")
    .addHelpText(
      "after",
      `
Examples:
  signet identity import key.pem --name deploy-bot
  signet identity import ~/.ssh/id_ed25519 --name me --unencrypted`,
    )
    .action(importKey);
}

async function importKey(file: string, flags: Flags): Promise<void> {
  const { name, owner, principal, unencrypted, sourcePassphraseEnv, json } = flags;
  const { openKeystore } = await import("../../../keystore/index.js");
  const keystore = openKeystore();
  await keystore.requireFree(name);
  const text = await readInput(file, "the key");
  const source = await sourcePassphrase(text, sourcePassphraseEnv);
  const protection = await chooseProtection(name, unencrypted);
  const key = await keystore.importKey(name, text, {
    ...protection,
    ...(source === undefined ? {} : { sourcePassphrase: source }),
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

async function sourcePassphrase(text: string, variable: string | undefined): Promise<string | undefined> {
  if (!text.includes("BEGIN ENCRYPTED PRIVATE KEY")) return undefined;
  if (variable !== undefined) return process.env[variable];
  return await ask("Passphrase of the PEM", "name a variable that has it by --source-passphrase-env");
}
