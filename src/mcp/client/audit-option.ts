import type { AuditSink } from "../../audit/sink.js";
import { signsHere } from "../../crypto/signer.js";
import { OptionError } from "../../errors.js";
import { booleanOption, invalidOption, pathOption } from "../../lib/option.js";
import type { OptionRecord } from "../../lib/option.js";
import type { IdentityOption } from "../identity.js";

/** An `AuditLog`, which stays its owner's to close, or the path of a log's directory. */
export type AuditOption = AuditSink | string;

/** The options `audit` and `encryptParams`, checked. */
export interface AuditSettings {
  /** A log that is there, or the directory of one to be opened. */
  readonly source: { readonly sink: AuditSink } | { readonly directory: string };
  readonly encryptParams: boolean;
}

const WANTED = 'an AuditLog, or the path of a directory such as "./audit"';

/**
 * Reads the options `audit` and `encryptParams`, without opening a file.
 *
 * @throws `OptionError` that names the option, what it got and what it wants.
 */
export function parseAuditOptions(
  options: OptionRecord,
  identity: IdentityOption,
): AuditSettings | undefined {
  const encryptParams = booleanOption(options, "options", "encryptParams", false);
  const audit = options["audit"];
  if (audit === undefined) {
    if (encryptParams)
      throw invalidOption("options.encryptParams", "false, or left out, without `audit`", true);
    return undefined;
  }
  if (encryptParams && typeof identity !== "string" && !signsHere(identity.signer)) {
    throw new OptionError(
      "invalid_option",
      "options.encryptParams",
      "options.encryptParams needs a key in memory, such as createSigner(seed) gives: the params' key is derived from it; " +
        "with a signer elsewhere use hashOnly",
    );
  }
  return { source: readSource(audit), encryptParams };
}

function readSource(audit: unknown): AuditSettings["source"] {
  if (typeof audit === "string") return { directory: pathOption(audit, "options.audit", WANTED) };
  if (!isSink(audit)) throw invalidOption("options.audit", WANTED, audit);
  return { sink: audit };
}

function isSink(value: unknown): value is AuditSink {
  return (
    typeof value === "object" &&
    value !== null &&
    ["appendText", "appendTyped", "close"].every((name) => typeof Reflect.get(value, name) === "function")
  );
}
