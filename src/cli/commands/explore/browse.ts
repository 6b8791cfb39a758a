import { autocomplete } from "@clack/prompts";
import type { AuditEntry } from "../../../audit/read/query.js";
import { ask } from "./ask.js";
import type { Answer } from "./ask.js";
import { COLUMNS, searchText } from "./columns.js";
import { columnsLeft, fitColumns } from "./fit-columns.js";
import type { OpenLog } from "./open-log.js";
import { openRecord } from "./open-record.js";

/** Columns of the terminal that the prompt takes in front of a line. */
const PREFIX = 5;
/** In front of its message it takes fewer. */
const TITLE_INDENT = "  ";

/** Lets somebody at a terminal look through records. Ends when they do. */
export async function browse(log: OpenLog, records: readonly AuditEntry[]): Promise<void> {
  let list: ListState = { at: 0, search: "" };
  for (;;) {
    const { answer, search } = await askForRecord(records, list);
    if (answer.kind !== "answer") return;
    const at = answer.value ?? -1;
    const chosen = records[at];
    // Enter where nothing matches chooses nothing.
    list = chosen === undefined ? { at: 0, search: "" } : { at, search };
    if (chosen === undefined) continue;
    const left = await openRecord(log, records, chosen);
    if (left === "end") return;
    list = { ...list, at: left };
  }
}

interface ListState {
  /** Which record the cursor is at. */
  readonly at: number;
  /** What was searched for. */
  readonly search: string;
}

async function askForRecord(
  records: readonly AuditEntry[],
  { at, search: searched }: ListState,
): Promise<{ readonly answer: Answer<number | undefined>; readonly search: string }> {
  const { title, rows } = fitColumns(COLUMNS, records, columnsLeft(PREFIX));
  const options = rows.map((label, value) => ({ label, value }));
  const texts = records.map(searchText);
  let search = searched;
  const answer = await ask<number | undefined>((signal) =>
    autocomplete({
      message: TITLE_INDENT + title,
      options() {
        search = this.userInput;
        return options;
      },
      filter: (words, { value }) =>
        words
          .toLowerCase()
          .split(/\s+/)
          .every((word) => texts[value ?? -1]?.includes(word) === true),
      initialValue: at,
      ...(searched === "" ? {} : { initialUserInput: searched }),
      signal,
    }),
  );
  return { answer, search };
}
