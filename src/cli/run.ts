import { Command, CommanderError } from "commander";
import { printableLines } from "../lib/text.js";
import { VERSION } from "../lib/version.js";
import { addAudit } from "./commands/audit/index.js";
import { addCompletion } from "./commands/completion/index.js";
import { addDoctor } from "./commands/doctor/index.js";
import { addExplore } from "./commands/explore/index.js";
import { addIdentity } from "./commands/identity/index.js";
import { addQuickstart } from "./commands/quickstart/index.js";
import { addSign } from "./commands/sign.js";
import { addTrust } from "./commands/trust/index.js";
import { addVerify } from "./commands/verify.js";
import { CliFault, EXIT, exitStatus, explain } from "./faults.js";
import { styled } from "./output.js";

/**
 * Runs the command line.
 *
 * @param args - Without the program's name.
 * @returns the exit status: 0 it holds, 1 it does not, 2 it was used wrongly.
 */
export async function run(args: readonly string[]): Promise<number> {
  // Who reads the output may have seen enough.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(exitStatus());
    process.stderr.write(
      `error: the output cannot be written (${error.code ?? "unknown"}): make room, or write it elsewhere\n`,
    );
    process.exit(EXIT.wrongUse);
  });
  // Nobody reads it: what was asked for counts all the same.
  process.stderr.on("error", () => {});
  try {
    await createProgram().parseAsync(args, { from: "user" });
    return exitStatus();
  } catch (error) {
    // Commander has said it already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.holds : EXIT.wrongUse;
    const { message, exit } = explain(error);
    process.stderr.write(`${styled("red", "error:", process.stderr)} ${printableLines(message)}\n`);
    return exit;
  }
}

/** The commands, their flags and their help. */
export function createProgram(): Command {
  const program = new Command("signet");
  program
    .description(
      "Signed, verified and countersigned tool calls: keys, receipts, the audit log, trust registries.",
    )
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand(false)
    .showSuggestionAfterError()
    .showHelpAfterError("(add --help for flags and examples)")
    .configureHelp({ sortSubcommands: false })
    .configureOutput({
      outputError: (text, write) => {
        write(printableLines(text));
      },
    })
    .exitOverride()
    .addHelpText(
      "after",
      `
Keys are in SIGNET_HOME/keys and the log is in SIGNET_HOME/audit; SIGNET_HOME is ~/.signet unless it is set.
Exit status: 0 it holds, 1 it does not hold, 2 wrong use.`,
    );
  addQuickstart(program);
  addIdentity(program);
  addSign(program);
  addVerify(program);
  addAudit(program);
  addTrust(program);
  addExplore(program);
  addCompletion(program);
  addDoctor(program);
  addHelp(program);
  inheritSettings(program);
  return program;
}

/** Commander's own knows no commands within commands. */
function addHelp(program: Command): void {
  program
    .command("help")
    .description("print help of a command")
    .argument("[command...]", "such as trust add")
    .addHelpText("after", "\nExample:\n  signet help trust add")
    .action((names: readonly string[]) => {
      let command = program;
      for (const name of names) {
        const next = command.commands.find((child) => child.name() === name);
        if (next === undefined) throw new CliFault(`there is no command ${name}: signet help lists them`);
        command = next;
      }
      command.outputHelp();
    });
}

/** Commander copies settings to commands that are made afterwards by it, and not to those of commands. */
function inheritSettings(parent: Command): void {
  for (const command of parent.commands) {
    command.copyInheritedSettings(parent);
    inheritSettings(command);
  }
}
