import type { Command } from "commander";
import { askTwice } from "../../passphrase.js";
import { CliFault } from "../../faults.js";
import { note } from "../../output.js";
import { unlock } from "./unlock.js";

interface Flags {
  readonly name: string;
  readonly unencrypted?: true;
  readonly newPassphraseEnv?: string;
}

/** `signet identity passphrase` */
export function addPassphrase(identity: Command): void {
  identity
    .command("passphrase")
    .description("change the passphrase of a key, or take it off")
    .requiredOption("--name <name>", "the key's name")
    .option(
      "--new-passphrase-env <variable>",
      "variable of the environment with the new one; else it is asked for",
    )
    .option("--unencrypted", "take the passphrase off: whoever reads the file can sign with it")
    .addHelpText(
      "after",
      `
The old passphrase is that of SIGNET_PASSPHRASE, or is asked for.

Examples:
  signet identity passphrase --name deploy-bot
  SIGNET_PASSPHRASE=old NEXT=new signet identity passphrase --name deploy-bot --new-passphrase-env NEXT`,
    )
    .action(changePassphrase);
}

async function changePassphrase({ name, unencrypted, newPassphraseEnv }: Flags): Promise<void> {
  if (unencrypted === true && newPassphraseEnv !== undefined)
    throw new CliFault(
      "--unencrypted takes the passphrase off, and --new-passphrase-env names one: leave one out",
    );
  const { openKeystore } = await import("../../../keystore/index.js");
  const keystore = openKeystore();
  await unlock(keystore, name, async (options) => {
    const next =
      unencrypted === true ? { unencrypted } : { passphrase: await nextPassphrase(name, newPassphraseEnv) };
    await keystore.changePassphrase(name, { ...options, next });
  });
  note(
    unencrypted === true
      ? `The key ${name} is not encrypted any more.`
      : `The passphrase of ${name} is changed.`,
  );
}

async function nextPassphrase(name: string, variable: string | undefined): Promise<string> {
  if (variable === undefined)
    return await askTwice(name, "name a variable with the new one by --new-passphrase-env");
  const text = process.env[variable];
  if (text !== undefined && text !== "") return text;
  throw new CliFault(`${variable} is not set, or is of no characters: put the new passphrase there`);
}
