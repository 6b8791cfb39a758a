import { OptionError } from "../errors.js";
import { invalidOption } from "../lib/option.js";
import { formatTime } from "../lib/time.js";
import { Malformed } from "./read.js";

/**
 * Reads what is about to be signed by the rules of the parser, so that nothing is signed that a verifier refuses.
 *
 * @param renamed - Options by the path of the wire member that they become, where the names differ.
 * @throws `OptionError` `invalid_option` that names the option: the caller's fault.
 */
export function readDraft<Draft>(
  draft: unknown,
  read: (value: unknown, path: string) => Draft,
  renamed: Readonly<Record<string, string>> = {},
): Draft {
  try {
    return read(draft, ROOT);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    const option = optionName(error.path, renamed);
    throw new OptionError("invalid_option", option, error.message.replace(error.path, option));
  }
}

/** Writes a time that is about to be signed. */
export function timeText(ms: number, option: string): string {
  if (!Number.isSafeInteger(ms) || ms < 0 || ms > MAX_TIME_MS) {
    throw invalidOption(option, "a time in whole milliseconds since the Unix epoch, up to the year 9999", ms);
  }
  return formatTime(ms);
}

/** Members that are left out when their option is. */
export function present<Members extends Readonly<Record<string, unknown>>>(
  members: Members,
): Partial<Members> {
  const kept: Partial<Members> = {};
  for (const name in members) if (members[name] !== undefined) kept[name] = members[name];
  return kept;
}

const ROOT = "draft";
const MAX_TIME_MS = 253_402_300_799_999;

/** `draft.action.call_id` is the option `callId`; below the option itself, names stay those of the wire. */
function optionName(path: string, renamed: Readonly<Record<string, string>>): string {
  const wire = path
    .slice(ROOT.length + 1)
    .replace(/^(?:action|signer|server|response|scope|delegator)\./, "");
  const [first = "", ...rest] = wire.split(/(?=[.[])/);
  const option = renamed[first] ?? first.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return [option, ...rest].join("");
}
