import { invalidOption } from "../lib/option.js";
import { MAX_NAME_LENGTH } from "../receipt/limits.js";
import { isPrincipal } from "../receipt/principal.js";

const NAME = /^[a-zA-Z0-9_-]+$/;
/** Longer ones make file names that no file system takes. */
const MAX_KEY_NAME_LENGTH = 128;

/** Tells whether a text can name a key: letters, digits, `_` and `-`, 128 at most (wire-format 11). */
export function isKeyName(name: unknown): name is string {
  return typeof name === "string" && name.length <= MAX_KEY_NAME_LENGTH && NAME.test(name);
}

/** @throws `OptionError` `invalid_option` for what cannot name a key. */
export function requireKeyName(name: unknown): string {
  if (isKeyName(name)) return name;
  const wanted = 'the name of a key, of letters, digits, "_" and "-", 128 at most, such as "my-agent"';
  throw invalidOption("name", wanted, name);
}

/** Tells whether a text can say whose a key is. */
export function isClaim(value: unknown): value is string {
  return (
    typeof value === "string" &&
    value.trim() !== "" &&
    value.length <= MAX_NAME_LENGTH &&
    value.isWellFormed()
  );
}

/** @throws `OptionError` `invalid_option`. */
export function checkOwner(owner: unknown, option: string): string | undefined {
  if (owner === undefined || owner === "") return undefined;
  if (isClaim(owner)) return owner;
  throw invalidOption(option, `a name of at most ${MAX_NAME_LENGTH} characters`, owner);
}

/** @throws `OptionError` `invalid_option`. */
export function checkPrincipal(principal: unknown, option: string): string | undefined {
  if (principal === undefined) return undefined;
  if (isClaim(principal) && isPrincipal(principal)) return principal;
  throw invalidOption(option, "a principal such as agent://acme/deploy-bot", principal);
}
