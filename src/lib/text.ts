const MAX_QUOTED = 64;

/** Characters that could break a log line or reorder what is read in it, beyond those that JSON escapes. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/**
 * Quotes text of unknown origin for a message or a log: cut to its first 64 characters, with everything escaped
 * that does not print.
 */
export function quoted(text: string): string {
  const cut = text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text;
  return JSON.stringify(cut).replace(UNPRINTABLE, escapeCharacter);
}

/** Makes text of unknown origin harmless on a terminal: with everything escaped that does not print. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escapeCharacter);
}

/** The same for text of several lines. */
export function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}

/** The first characters of a text, as a text of its own: a slice would keep all of the long one in memory. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  return Buffer.from(text.slice(0, length), "utf16le").toString("utf16le");
}

/** What a thrown value says, quoted. It may be anything: even to look at it may throw. */
export function quotedError(error: unknown): string {
  try {
    return quoted(String(error));
  } catch {
    return "what cannot be described";
  }
}

function escapeCharacter(character: string): string {
  let escaped = "";
  for (let i = 0; i < character.length; i++) {
    escaped += `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`;
  }
  return escaped;
}
