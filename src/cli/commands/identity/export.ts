import { Option } from "commander";
import type { Command } from "commander";
import { CliFault } from "../../faults.js";
import { note, printJson } from "../../output.js";
import { requireOutput, writeOutput } from "../../write-output.js";
import { unlock } from "./unlock.js";

type Format = "json" | "text" | "pem" | "openssh";

interface Flags {
  readonly name: string;
  readonly format: Format;
  readonly private?: true;
  readonly output?: string;
  readonly json?: true;
}

/** `signet identity export` */
export function addExport(identity: Command): void {
  identity
    .command("export")
    .description("print a public key; with --private, the private one")
    .requiredOption("--name <name>", "the key's name")
    .addOption(
      new Option("--format <format>", "how it is written")
        .choices(["json", "text", "pem", "openssh"])
        .default("json"),
    )
    .option("--private", "the private key, as PEM or OpenSSH, not encrypted: guard it")
    .option("--output <file>", "write it to a new file that only you can read")
    .option("--json", "print one JSON value")
    .addHelpText(
      "after",
      `
Examples:
  signet identity export --name deploy-bot
  signet identity export --name deploy-bot --format text
  signet identity export --name deploy-bot --private --format pem --output deploy-bot.pem`,
    )
    .action(exportKey);
}

async function exportKey({ name, format, private: isPrivate, output, json }: Flags): Promise<void> {
  if (isPrivate === true && json === true)
    throw new CliFault("--json is for public keys: a private one is exported as --format pem or openssh");
  await requireOutput(output);
  const text = isPrivate === true ? await privateText(name, format, output) : await publicText(name, format);
  if (json === true && isPrivate !== true) {
    printJson({ name, format, key: text });
    return;
  }
  await writeOutput(text, output, isPrivate === true ? 0o600 : 0o644);
  if (output !== undefined) note(`Written to ${output}.`);
}

async function publicText(name: string, format: Format): Promise<string> {
  const { openKeystore } = await import("../../../keystore/index.js");
  const keystore = openKeystore();
  return await unlock(keystore, name, (options) => keystore.exportPublic(name, { ...options, format }), {
    onlyIfNeeded: true,
  });
}

async function privateText(name: string, format: Format, output: string | undefined): Promise<string> {
  if (format !== "pem" && format !== "openssh")
    throw new CliFault("a private key is exported as --format pem or --format openssh");
  if (output === undefined && process.stdout.isTTY)
    throw new CliFault("a private key is not shown on a terminal: say --output FILE, or redirect it");
  const { openKeystore } = await import("../../../keystore/index.js");
  const keystore = openKeystore();
  const to = format === "pem" ? "pkcs8" : "openssh";
  return await unlock(keystore, name, (options) => keystore.exportPrivate(name, { ...options, format: to }));
}
