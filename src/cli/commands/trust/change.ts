import type { RegistryEdit, RegistryEditResult } from "../../../trust/edit/index.js";
import { printable } from "../../../lib/text.js";
import { note, printJson } from "../../output.js";
import { entryJson, standingOf } from "./entries.js";

/** What all changes take. */
export interface ChangeFlags {
  readonly output?: string;
  readonly json?: true;
}

/** Changes a registry file, and says what was done. */
export async function change(
  file: string,
  edit: RegistryEdit,
  { output, json }: ChangeFlags,
  done: string,
): Promise<void> {
  const { editRegistryFile } = await import("../../../trust/edit/index.js");
  const result = await editRegistryFile(file, edit, output === undefined ? {} : { output });
  if (json === true) printJson(resultJson(result));
  else note(printable(`${done} in ${result.path}.`));
}

function resultJson({ path, section, id, before, after, added }: RegistryEditResult): object {
  const now = Date.now();
  const entries = { before, after, added };
  const shown = Object.entries(entries).flatMap(([name, entry]) =>
    entry === undefined ? [] : [[name, entryJson({ section, entry, standing: standingOf(entry, now) })]],
  );
  return { path, section, id, ...Object.fromEntries(shown) };
}
