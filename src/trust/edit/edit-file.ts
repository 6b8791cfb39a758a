import { TrustRegistryError } from "../../errors.js";
import { clockOption, optionRecord, pathOption } from "../../lib/option.js";
import { readWhole } from "../read-file.js";
import { readPlain } from "../read-plain.js";
import { readRegistry } from "../read-registry.js";
import type { RegistryContents } from "../read-registry.js";
import { readYaml } from "../read-yaml.js";
import { SourceText } from "../source-text.js";
import { checkEdit } from "./check-edit.js";
import { editFault } from "./edit-fault.js";
import { editText } from "./edit-text.js";
import { isAsPlanned, planEdit } from "./plan-edit.js";
import type { EditPlan } from "./plan-edit.js";
import { whileLocked } from "./edit-lock.js";
import { findTarget, targetFault, writeTarget } from "./target.js";
import type { Target } from "./target.js";
import type { RegistryEdit, RegistryEditResult } from "./types.js";

export interface EditRegistryOptions {
  /** Path of a file to write that is not there yet; the registry itself then stays as it is. Default the registry. */
  readonly output?: string;
  /** Time source, milliseconds since the Unix epoch. Default the system's clock. */
  readonly clock?: () => number;
}

/**
 * Changes one entry of a trust registry file, YAML or JSON, and `generated_at` with it, and leaves every other character of the
 * file as it is: comments, order, quotes, line breaks.
 *
 * `generated_at` becomes the time of the clock, or a millisecond more than it was where that is later, so that a guard that follows
 * the file takes the change. What comes out is read again before it is written, and must say what was asked for and else what the
 * file said before. The file is replaced at once, never in part, and keeps its permissions and its owner; links are followed.
 * When anything is refused, nothing is written.
 *
 * @param path - Of the file, from the working directory.
 * @throws `TrustRegistryError`, the operator's fault: what `openTrustRegistry` throws for a file that cannot be read or does not
 * hold (one without agents does); `registry_edit_invalid` for an edit that the registry does not allow (an id that is not there, or
 * is taken, a key that is no good or is listed, a status that it cannot follow), a file that was changed meanwhile, and one that
 * cannot be written.
 * @throws `OptionError` for a path, an edit or an option of the wrong type: the caller's fault.
 */
export async function editRegistryFile(
  path: string,
  edit: RegistryEdit,
  options: EditRegistryOptions = {},
): Promise<RegistryEditResult> {
  const file = pathOption(path, "path", "the path of a registry file");
  const record = optionRecord(options, "options", ["output", "clock"]);
  const clock = clockOption(record, "options");
  const output = record["output"];
  checkEdit(edit);
  const target = await findTarget(
    file,
    output === undefined ? undefined : pathOption(output, "options.output", "the path of a file"),
  );
  const change = (): Promise<RegistryEditResult> => changeTarget(target, edit, clock);
  try {
    return await (target.isInPlace ? whileLocked(target, change) : change());
  } catch (cause) {
    throw targetFault(target, cause);
  }
}

async function changeTarget(
  target: Target,
  edit: RegistryEdit,
  clock: () => number,
): Promise<RegistryEditResult> {
  const { file } = target;
  const { bytes } = await readWhole(target.source, file);
  const decoded = decode(bytes, file);
  const source = new SourceText(decoded, file);
  const before = readContents(source);
  const plan = planEdit(source, before, edit, clock());
  const text = editText(source, plan);
  refuseOther(new SourceText(text, file), before, plan);
  // What the source leaves out at the start is a byte order mark.
  const mark = decoded.slice(0, decoded.length - source.text.length);
  await writeTarget(target, bytes, `${mark}${text}`);
  return resultOf(target.path, plan);
}

function decode(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    const message = `${file}: is not UTF-8 text; save it as UTF-8`;
    throw new TrustRegistryError("registry_syntax", message, { file, cause });
  }
}

/** A registry without agents may be edited: whoever reads it says what it has to hold. */
function readContents(source: SourceText): RegistryContents {
  return readRegistry(source, readPlain(source) ?? readYaml(source), { requireAgents: false });
}

function refuseOther(result: SourceText, before: RegistryContents, plan: EditPlan): void {
  let after: RegistryContents;
  try {
    after = readContents(result);
  } catch (cause) {
    if (!(cause instanceof TrustRegistryError)) throw cause;
    throw editFault(result, `would not hold after the change; nothing was written (${cause.message})`, {
      cause,
    });
  }
  if (isAsPlanned(before, after, plan)) return;
  throw editFault(
    result,
    "is written in a way in which the change would alter more than was asked for; nothing was written, edit it by hand",
  );
}

function resultOf(path: string, plan: EditPlan): RegistryEditResult {
  const { section, altered, added, generatedAtMs } = plan;
  if (altered === undefined) {
    if (added === undefined) throw new Error("an edit changes an entry or adds one");
    return { path, section, id: added.entry.id, after: added.entry, generatedAtMs };
  }
  const { before, after } = altered;
  const result = { path, section, id: before.id, before, after, generatedAtMs };
  return added === undefined ? result : { ...result, added: added.entry };
}
