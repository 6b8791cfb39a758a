import type { AuditEntry } from "../../../audit/read/query.js";
import { formatTime } from "../../../lib/time.js";
import type { Column, Style } from "../../output.js";

const OUTCOME_STYLES: Readonly<Record<string, Style>> = {
  executed: "green",
  failed: "yellow",
  rejected: "red",
};

/** What a list shows of a record. */
export const COLUMNS: readonly Column<AuditEntry>[] = [
  { title: "time", text: timeText },
  { title: "signer", text: ({ summary }) => summary.signer },
  { title: "tool", text: ({ summary }) => summary.tool },
  { title: "target", text: ({ summary }) => summary.target },
  { title: "outcome", text: outcomeText, style: ({ summary }) => OUTCOME_STYLES[summary.outcome ?? ""] },
];

function timeText({ summary: { ts, tsMs } }: AuditEntry): string {
  return tsMs === undefined ? (ts ?? "?").slice(0, 19) : formatTime(tsMs).slice(0, 19).replace("T", " ");
}

/** How a call ended; of a record that does not say so, of what kind it is. */
function outcomeText({ summary: { outcome, code, kind } }: AuditEntry): string {
  return outcome === undefined ? kind : [outcome, code].filter((text) => text !== undefined).join(" ");
}

/** What a search looks at. */
export function searchText({ summary }: AuditEntry): string {
  const { signer, tool, target, outcome, code, kind, id, intentId } = summary;
  return [signer, tool, target, outcome, code, kind, id, intentId].join("\n").toLowerCase();
}
