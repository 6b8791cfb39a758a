import type { Command } from "commander";
import { printNames } from "./names.js";
import type { CommandNode } from "./tree.js";

interface Shell {
  readonly name: string;
  readonly help: string;
  readonly load: () => Promise<(root: CommandNode) => string>;
}

const SHELLS: readonly Shell[] = [
  {
    name: "bash",
    help: `
For every new shell, put this into ~/.bashrc:
  source <(signet completion bash)
Bash 3.2, as macOS has it, needs:
  eval "$(signet completion bash)"
With the package bash-completion a file does it, which is read on first use:
  signet completion bash > ~/.local/share/bash-completion/completions/signet`,
    load: async () => (await import("./bash.js")).bashScript,
  },
  {
    name: "zsh",
    help: `
For every new shell, put this into ~/.zshrc, after compinit:
  source <(signet completion zsh)
Or as a file in a directory of $fpath, which is read on first use:
  signet completion zsh > ~/.zfunc/_signet
where ~/.zshrc has, before compinit:
  fpath=(~/.zfunc $fpath)`,
    load: async () => (await import("./zsh.js")).zshScript,
  },
  {
    name: "fish",
    help: `
Fish reads it on first use from:
  signet completion fish > ~/.config/fish/completions/signet.fish
For this shell only:
  signet completion fish | source`,
    load: async () => (await import("./fish.js")).fishScript,
  },
];

/** `signet completion`: scripts that complete the command line. */
export function addCompletion(program: Command): void {
  const completion = program
    .command("completion")
    .description("print a script that completes commands, flags and names of keys in a shell")
    .addHelpText(
      "after",
      SHELLS.map(({ name, help }) => `\n${name}${help.replaceAll("\n", "\n  ")}`).join("\n"),
    );
  for (const { name, help, load } of SHELLS) {
    completion
      .command(name)
      .description(`print the script for ${name}`)
      .addHelpText("after", help)
      .action(async () => {
        const [write, { readTree }] = await Promise.all([load(), import("./tree.js")]);
        process.stdout.write(write(readTree(program)));
      });
  }
  completion.command("names", { hidden: true }).description("print the names of the keys").action(printNames);
}
