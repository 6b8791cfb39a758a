import type { AuditEntry } from "../../../audit/read/query.js";
import { counted, print, printJson, printTable } from "../../output.js";
import type { Column, Style } from "../../output.js";
import type { AuditFlags } from "./flags.js";
import { findRecords } from "./records.js";

const OUTCOME_STYLES: Readonly<Record<string, Style>> = {
  executed: "green",
  failed: "yellow",
  rejected: "red",
};

const COLUMNS: readonly Column<AuditEntry>[] = [
  { title: "time", text: ({ summary }) => summary.ts },
  { title: "signer", text: ({ summary }) => summary.signer },
  { title: "tool", text: ({ summary }) => summary.tool },
  { title: "target", text: ({ summary }) => summary.target },
  { title: "kind", text: ({ summary }) => summary.kind },
  {
    title: "outcome",
    text: ({ summary }) => [summary.outcome, summary.code].filter((text) => text !== undefined).join(" "),
    style: ({ summary }) => OUTCOME_STYLES[summary.outcome ?? ""],
  },
];

/** Lists records. */
export async function listRecords(dir: string, flags: AuditFlags): Promise<void> {
  const found = await findRecords(dir, flags);
  if (flags.json === true) {
    printJson(found.map(({ place, record }) => ({ place, ...record })));
    return;
  }
  if (found.length > 0) printTable(COLUMNS, found);
  print(`${found.length > 0 ? "\n" : ""}${counted(found.length, "record")}`);
}
