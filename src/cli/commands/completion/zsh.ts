import type { CommandNode, FlagNode, ValueHint } from "./tree.js";
import { allCommands } from "./tree.js";

/** Writes the script for zsh: to be sourced, or put as `_signet` into a directory of `$fpath`. */
export function zshScript(root: CommandNode): string {
  return `#compdef ${root.name}
# zsh completion of ${root.name}, made by "${root.name} completion zsh"

_${root.name}_names() {
  local -a names
  names=(\${(f)"$(_call_program names ${root.name} completion names 2>/dev/null)"})
  compadd -a names
}

_${root.name}_names_or_files() { _alternative 'names:key:_${root.name}_names' 'files:file:_files' }

${allCommands(root)
  .map((node) => (node.children.length > 0 ? group(root, node) : leaf(root, node)))
  .join("\n\n")}

if [[ $funcstack[1] == _${root.name} ]]; then
  _${root.name} "$@"
else
  compdef _${root.name} ${root.name}
fi
`;
}

function group(root: CommandNode, node: CommandNode): string {
  const { children, flags } = node;
  return `${functionName(root, node)}() {
  local context state state_descr line
  local -A opt_args
  _arguments -C \\
${flags.map((flag) => `    ${flagSpec(root, flag)} \\\n`).join("")}    '1:command:->command' '*::argument:->rest'
  case $state in
    command)
      local -a commands
      commands=(
${children.map(({ name, description }) => `        ${quoted(`${escaped(name)}:${description}`)}`).join("\n")}
      )
      _describe -t commands command commands
      ;;
    rest)
      case $line[1] in
${children.map((child) => `        ${child.name}) ${functionName(root, child)} ;;`).join("\n")}
      esac
      ;;
  esac
}`;
}

function leaf(root: CommandNode, node: CommandNode): string {
  const specs = [
    ...node.flags.map((flag) => flagSpec(root, flag)),
    ...node.args.map(({ title, hint }, at) => quoted(`${at + 1}:${escaped(title)}:${action(root, hint)}`)),
  ];
  return `${functionName(root, node)}() {\n  _arguments \\\n${specs.map((spec) => `    ${spec}`).join(" \\\n")}\n}`;
}

function functionName(root: CommandNode, { path }: CommandNode): string {
  return [`_${root.name}`, ...path].join("_");
}

function flagSpec(root: CommandNode, { texts, description, value, isVariadic }: FlagNode): string {
  const told = `[${escaped(description)}]`;
  const taken = value === undefined ? "" : `:${escaped(value.title)}:${action(root, value.hint)}`;
  // What excludes itself is not offered twice; a flag with many values is.
  const excluded = isVariadic ? "*" : `(${texts.join(" ")})`;
  if (texts.length === 1) return quoted(`${excluded}${withEquals(texts[0] ?? "", value)}${told}${taken}`);
  const names = texts.map((text) => withEquals(text, value)).join(",");
  return `${quoted(excluded)}{${names}}${quoted(`${told}${taken}`)}`;
}

function withEquals(text: string, value: FlagNode["value"]): string {
  return value !== undefined && text.startsWith("--") ? `${text}=` : text;
}

function action(root: CommandNode, { words, names, files }: ValueHint): string {
  if (words.length > 0) return `(${words.join(" ")})`;
  if (names) return files === undefined ? `_${root.name}_names` : `_${root.name}_names_or_files`;
  // A blank says that something is taken of which nothing is known.
  if (files === undefined) return " ";
  return files === "all" ? "_files" : "_files -/";
}

/** What has a meaning in a specification of _arguments. */
function escaped(text: string): string {
  return text.replace(/[\\:[\]]/g, "\\$&");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
