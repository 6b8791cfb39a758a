import type { Argument, Command, Option } from "commander";

/** What stands for a value on the command line. */
export interface ValueHint {
  /** Words that it may be. */
  readonly words: readonly string[];
  /** Whether it may be the name of a key. */
  readonly names: boolean;
  readonly files: "all" | "directories" | undefined;
}

export interface FlagNode {
  /** As they are typed: `-h`, `--help`. */
  readonly texts: readonly string[];
  readonly description: string;
  /** What it is called in the help, and what may stand there; `undefined` for a flag that takes none. */
  readonly value: { readonly title: string; readonly hint: ValueHint } | undefined;
  /** Takes as many values as there are. */
  readonly isVariadic: boolean;
}

/** A command, as it is seen on the command line. */
export interface CommandNode {
  /** Words after the program's name. */
  readonly path: readonly string[];
  readonly name: string;
  readonly description: string;
  readonly flags: readonly FlagNode[];
  readonly args: readonly { readonly title: string; readonly hint: ValueHint }[];
  readonly children: readonly CommandNode[];
}

/** Reads the commands that the help shows, and what their flags and arguments take. */
export function readTree(program: Command): CommandNode {
  return readCommand(program, [], []);
}

/** All commands of a tree, the root first. */
export function allCommands(node: CommandNode): readonly CommandNode[] {
  return [node, ...node.children.flatMap(allCommands)];
}

function readCommand(command: Command, path: readonly string[], siblings: readonly string[]): CommandNode {
  const help = command.createHelp();
  const shown = help.visibleCommands(command);
  const words = shown.map((child) => child.name()).filter((name) => name !== HELP);
  return {
    path,
    name: command.name(),
    description: command.description(),
    flags: help.visibleOptions(command).map((option) => readFlag(option, path)),
    args: command.registeredArguments.map((argument) => ({
      title: argument.name(),
      hint: argumentHint(argument, path.at(-1) === HELP ? siblings : []),
    })),
    children: shown.map((child) => readCommand(child, [...path, child.name()], words)),
  };
}

const HELP = "help";

function readFlag(option: Option, path: readonly string[]): FlagNode {
  const texts = [option.short, option.long].flatMap((text) => text ?? []);
  const takesValue = option.required || option.optional;
  return {
    texts,
    description: option.description,
    value: takesValue ? { title: titleOf(option.flags), hint: flagHint(option, path) } : undefined,
    isVariadic: option.variadic,
  };
}

function titleOf(text: string): string {
  return /[<[]([^\]>.]+)/.exec(text)?.[1] ?? "value";
}

/** Flags whose values are not to be told from what they are called. */
const KEY_NAMES: readonly string[] = ["--name", "--key", "--signer"];
const OUTCOMES: readonly string[] = ["executed", "failed", "rejected"];
/** Commands that name a key which is not there yet. */
const MAKES_KEYS: readonly string[] = ["identity generate", "identity import"];

function flagHint({ long = "", flags, argChoices }: Option, path: readonly string[]): ValueHint {
  const title = titleOf(flags);
  const makesKey = long === "--name" && MAKES_KEYS.includes(path.join(" "));
  return {
    words: argChoices ?? (long === "--outcome" ? OUTCOMES : []),
    names: !makesKey && (KEY_NAMES.includes(long) || title === "key"),
    files: title === "key" ? "all" : filesOf(title),
  };
}

function argumentHint(argument: Argument, siblings: readonly string[]): ValueHint {
  const name = argument.name();
  return { words: argument.argChoices ?? siblings, names: false, files: filesOf(name) };
}

function filesOf(title: string): ValueHint["files"] {
  if (title === "dir") return "directories";
  return title === "file" || title === "receipt" ? "all" : undefined;
}
