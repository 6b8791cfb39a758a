import { safeJson, styled } from "../../output.js";
import type { Style } from "../../output.js";

/** Writes JSON that is harmless on a terminal, with colours where that has some. */
export function colouredJson(value: unknown): string {
  return safeJson(value).split("\n").map(colourLine).join("\n");
}

/** Indented JSON has a member's name and a value on a line at the most. */
const LINE = /^( *)("(?:[^"\\]|\\.)*"(?=: ))?(: )?(.*?)(,?)$/;

function colourLine(line: string): string {
  const [, indent = "", name = "", colon = "", value = "", comma = ""] = LINE.exec(line) ?? [];
  const style = styleOf(value);
  return [
    indent,
    name === "" ? "" : styled("cyan", name),
    colon,
    style === undefined ? value : styled(style, value),
    comma,
  ].join("");
}

function styleOf(value: string): Style | undefined {
  if (value.startsWith('"')) return "green";
  return /^[-\dtfn]/.test(value) ? "yellow" : undefined;
}
