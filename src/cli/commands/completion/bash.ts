import { allCommands } from "./tree.js";
import type { CommandNode, ValueHint } from "./tree.js";

/** Writes the script for bash, 3.2 or later. It needs nothing but bash. */
export function bashScript(root: CommandNode): string {
  const nodes = allCommands(root);
  return `# bash completion of ${root.name}, made by "${root.name} completion bash"

_${root.name}_words() { COMPREPLY+=($(compgen -W "$1" -- "$cur")); }

_${root.name}_names() { COMPREPLY+=($(compgen -W "$("$program" completion names 2>/dev/null)" -- "$cur")); }

_${root.name}_files() {
  local file
  while IFS= read -r file; do COMPREPLY+=("$file"); done < <(compgen "$1" -- "$cur")
  type compopt >/dev/null 2>&1 && compopt -o filenames 2>/dev/null
}

_${root.name}() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" program="\${1/#\\~/$HOME}" path="" word flag="" args=0 i
  COMPREPLY=()
  # Where the command, its arguments and the flag before the cursor are. "=" is a word of its own.
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    if [[ $word == "=" ]]; then continue; fi
    if [[ -n $flag ]]; then flag=""; continue; fi
    case "$path $word" in
${valueFlags(nodes)}
      *" -"?*) ;;
${children(nodes)}
      *) args=$((args + 1)) ;;
    esac
  done
  [[ $cur == "=" ]] && cur=""
  if [[ -n $flag ]]; then
    case "$path $flag" in
${nodes.flatMap(flagValues).join("\n")}
    esac
    return
  fi
  if [[ $cur == -* ]]; then
    case "$path" in
${nodes.map(flags).join("\n")}
    esac
    return
  fi
  case "$path $args" in
${nodes.flatMap(args).join("\n")}
  esac
}

complete -F _${root.name} ${root.name}
`;

  function flagValues({ path, flags }: CommandNode): string[] {
    return flags.flatMap(({ texts, value }) => {
      const work = value === undefined ? "" : complete(value.hint);
      return work === "" ? [] : [`      ${patterns(path, texts)}) ${work} ;;`];
    });
  }

  function args({ path, args, children }: CommandNode): string[] {
    if (children.length > 0)
      return [`    ${pattern(path, "0")}) ${words(children.map(({ name }) => name))} ;;`];
    return args.flatMap(({ hint }, at) => {
      const work = complete(hint);
      return work === "" ? [] : [`    ${pattern(path, String(at))}) ${work} ;;`];
    });
  }

  function flags({ path, flags }: CommandNode): string {
    return `      "${path.map((word) => ` ${word}`).join("")}") ${words(flags.flatMap(({ texts }) => texts))} ;;`;
  }

  function words(list: readonly string[]): string {
    return `_${root.name}_words "${list.join(" ")}"`;
  }

  function complete({ words: list, names, files }: ValueHint): string {
    return [
      ...(list.length > 0 ? [words(list)] : []),
      ...(names ? [`_${root.name}_names`] : []),
      ...(files === undefined ? [] : [`_${root.name}_files ${files === "all" ? "-f" : "-d"}`]),
    ].join("; ");
  }
}

/** Words that are flags with a value after them. */
function valueFlags(nodes: readonly CommandNode[]): string {
  return nodes
    .flatMap(({ path, flags }) =>
      flags.filter(({ value }) => value !== undefined).map(({ texts }) => patterns(path, texts)),
    )
    .map((list) => `      ${list}) flag="$word" ;;`)
    .join("\n");
}

/** Words that lead on to a command. */
function children(nodes: readonly CommandNode[]): string {
  return nodes
    .flatMap(({ path, children }) => children.map(({ name }) => pattern(path, name)))
    .map((text) => `      ${text}) path="$path $word" ;;`)
    .join("\n");
}

function patterns(path: readonly string[], words: readonly string[]): string {
  return words.map((word) => pattern(path, word)).join(" | ");
}

/** The path begins with a blank where it is not empty. */
function pattern(path: readonly string[], word: string): string {
  return `"${[...path.map((one) => ` ${one}`), ` ${word}`].join("")}"`;
}
