import { allCommands } from "./tree.js";
import type { CommandNode, FlagNode, ValueHint } from "./tree.js";

/** Writes the script for fish, 3.0 or later. */
export function fishScript(root: CommandNode): string {
  const nodes = allCommands(root);
  const name = root.name;
  return `# fish completion of ${name}, made by "${name} completion fish"

function __${name}_names
    command ${name} completion names 2>/dev/null
end

# Whether the words before the cursor lead to a command, and to how many arguments of it.
function __${name}_at
    set -l path
    set -l count 0
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
            continue
        end
        switch "$path $word"
${valueFlags(nodes)}
            case '* -?*'
${children(nodes)}
            case '*'
                set count (math $count + 1)
        end
    end
    test "$path" = "$argv[1]"; and begin
        test (count $argv) -lt 2; or test $count = "$argv[2]"
    end
end

complete -c ${name} -f
${nodes.flatMap((node) => lines(name, node)).join("\n")}
`;
}

function lines(name: string, node: CommandNode): string[] {
  const at = (count?: number): string =>
    quoted(`__${name}_at ${quoted(node.path.join(" "))}${count === undefined ? "" : ` ${count}`}`);
  return [
    ...node.children.map(
      (child) => `complete -c ${name} -n ${at(0)} -a ${quoted(child.name)} -d ${quoted(child.description)}`,
    ),
    ...node.args.flatMap(({ hint }, index) => {
      const taken = value(name, hint);
      return taken === "" || node.children.length > 0 ? [] : [`complete -c ${name} -n ${at(index)} ${taken}`];
    }),
    ...node.flags.map((flag) => `complete -c ${name} -n ${at()} ${flagSpec(name, flag)}`),
  ];
}

function flagSpec(name: string, { texts, description, value: taken }: FlagNode): string {
  return [
    ...texts.map((text) => (text.startsWith("--") ? `-l ${text.slice(2)}` : `-s ${text.slice(1)}`)),
    ...(taken === undefined ? [] : [`-r ${value(name, taken.hint) || "-f"}`]),
    `-d ${quoted(description)}`,
  ].join(" ");
}

function value(name: string, { words, names, files }: ValueHint): string {
  const candidates = [
    ...words,
    ...(names ? [`(__${name}_names)`] : []),
    ...(files === "directories" ? ["(__fish_complete_directories (commandline -ct))"] : []),
  ];
  return [
    ...(files === "all" ? ["-F"] : candidates.length > 0 ? ["-f"] : []),
    ...(candidates.length > 0 ? [`-a ${quoted(candidates.join(" "))}`] : []),
  ].join(" ");
}

function valueFlags(nodes: readonly CommandNode[]): string {
  return nodes
    .flatMap(({ path, flags }) =>
      flags
        .filter(({ value }) => value !== undefined)
        .map(({ texts }) => texts.map((text) => quoted(`${path.join(" ")} ${text}`)).join(" ")),
    )
    .map((patterns) => `            case ${patterns}\n                set skip 1`)
    .join("\n");
}

function children(nodes: readonly CommandNode[]): string {
  return nodes
    .flatMap(({ path, children }) => children.map((child) => [path, child.name] as const))
    .map(
      ([path, name]) =>
        `            case ${quoted(`${path.join(" ")} ${name}`)}\n                set path $path ${name}`,
    )
    .join("\n");
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
