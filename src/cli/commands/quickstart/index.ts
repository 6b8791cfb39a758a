import type { Command } from "commander";

interface Flags {
  readonly json?: true;
}

/** `signet quickstart` */
export function addQuickstart(program: Command): void {
  program
    .command("quickstart")
    .description(
      "from nothing to a first verified call: keys, a registry, a guarded server and a client that run",
    )
    .argument("[dir]", "directory to make", "signet-quickstart")
    .option("--json", "print one JSON value")
    .addHelpText(
      "after",
      `
Asks nothing. The two keys are encrypted if SIGNET_PASSPHRASE is set, and plain otherwise. Packages are installed unless
those of the project around are found.

Example:
  signet quickstart && node signet-quickstart/client.mjs`,
    )
    .action(async (dir: string, { json }: Flags) => {
      const { quickstart } = await import("./quickstart.js");
      await quickstart(dir, json === true);
    });
}
