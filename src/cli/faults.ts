import { OptionError, SignetError } from "../errors.js";

/** Exit status: it holds, it does not hold, it was used wrongly. */
export const EXIT = { holds: 0, fails: 1, wrongUse: 2 } as const;

let status: number = EXIT.holds;

/** Says that what a command looked at does not hold, when it has said so itself. */
export function doesNotHold(): void {
  status = EXIT.fails;
}

/** The exit status of a command that came to its end. */
export function exitStatus(): number {
  return status;
}

/** An end of the command that it says itself: one sentence, and the exit status. */
export class CliFault extends Error {
  readonly exit: number;

  constructor(message: string, exit: number = EXIT.wrongUse) {
    super(message);
    this.exit = exit;
  }
}

/** Codes that say that something does not hold, where all others say that it could not be looked at. */
const FAILS: readonly string[] = ["passphrase_wrong"];

/** What is to be said of an error, and the exit status. */
export function explain(error: unknown): { readonly message: string; readonly exit: number } {
  if (error instanceof CliFault) return { message: error.message, exit: error.exit };
  const message =
    error instanceof OptionError ? ofOption(error) : error instanceof Error ? error.message : String(error);
  const exit = error instanceof SignetError && FAILS.includes(error.code) ? EXIT.fails : EXIT.wrongUse;
  return { message: asFlags(message), exit };
}

/** Messages about an option begin with its path. */
function ofOption({ option, message }: OptionError): string {
  const name = option.split(".").at(-1) ?? option;
  return message.startsWith(option) ? `--${flagOf(name)}${message.slice(option.length)}` : message;
}

/** The library names its options; whoever sits at a terminal knows their flags. */
function asFlags(message: string): string {
  return message.replace(/\boptions\.([a-z][A-Za-z]*)\b/g, (_, name: string) => `--${flagOf(name)}`);
}

function flagOf(option: string): string {
  return option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
