import { note, select } from "@clack/prompts";
import type { AuditEntry } from "../../../audit/read/query.js";
import { printable } from "../../../lib/text.js";
import { print, styled } from "../../output.js";
import type { Style } from "../../output.js";
import { ask } from "./ask.js";
import { checkPlaces, placeKey } from "./check-places.js";
import { COLUMNS } from "./columns.js";
import { findPartners } from "./find-partners.js";
import { columnsLeft, cutToWidth } from "./fit-columns.js";
import { colouredJson } from "./json-text.js";
import type { OpenLog } from "./open-log.js";
import { verificationOf } from "./verification.js";
import type { Check } from "./check.js";

/**
 * Shows a record, and those that its menu leads to.
 *
 * @param records - Newest first.
 * @returns where in the list the cursor belongs then, or that it is the end.
 */
export async function openRecord(
  log: OpenLog,
  records: readonly AuditEntry[],
  first: AuditEntry,
): Promise<number | "end"> {
  let entry = first;
  let at = records.indexOf(first);
  for (;;) {
    await show(log, entry);
    const next = await askWhereTo(log, records, entry);
    if (next === "end") return "end";
    if (next === "back") return at;
    entry = next;
    // A partner that is not in the list leaves the cursor where it was.
    const found = records.findIndex(({ place }) => placeKey(place) === placeKey(next.place));
    if (found >= 0) at = found;
  }
}

async function show(log: OpenLog, entry: AuditEntry): Promise<void> {
  const { place, record, summary } = entry;
  const checked = await checkPlaces(log, [place]);
  const { ok, checks } = verificationOf(entry, checked.get(placeKey(place)), log);
  print(`\n${styled("bold", printable(`${place.file}:${place.line}, ${summary.kind}`))}\n`);
  print(colouredJson(record.receipt));
  print(`prev_hash    ${record.prev_hash}\nrecord_hash  ${record.record_hash}\n`);
  note(
    checks.map(checkLine).join("\n"),
    ok ? "Nothing is wrong with this record" : "This record does not hold",
  );
}

const MARKS: Readonly<Record<Check["result"], { readonly mark: string; readonly style: Style }>> = {
  holds: { mark: "ok   ", style: "green" },
  fails: { mark: "FAILS", style: "red" },
  open: { mark: "-    ", style: "dim" },
};

function checkLine({ what, result, detail }: Check): string {
  const { mark, style } = MARKS[result];
  return `${styled(style, mark)}  ${styled("bold", `${what}:`)} ${printable(detail)}`;
}

type WhereTo = "list" | "quit" | number;

async function askWhereTo(
  { dir }: OpenLog,
  records: readonly AuditEntry[],
  entry: AuditEntry,
): Promise<AuditEntry | "back" | "end"> {
  const at = records.findIndex(({ place }) => placeKey(place) === placeKey(entry.place));
  const partners = await findPartners(dir, records, entry);
  const steps = [
    ...partners.map((partner) => ({ label: `Same call: ${said(partner)}`, entry: partner })),
    ...(at < 0 ? [] : [step("Previous", records[at + 1]), step("Next", records[at - 1])].flat()),
  ];
  const answer = await ask<WhereTo>((signal) =>
    select<WhereTo>({
      message: "Go on",
      options: [
        { value: "list", label: "Back to the list" },
        ...steps.map(({ label }, value) => ({ value, label })),
        { value: "quit", label: "Quit" },
      ],
      signal,
    }),
  );
  if (answer.kind === "end" || (answer.kind === "answer" && answer.value === "quit")) return "end";
  return answer.kind === "answer" && typeof answer.value === "number"
    ? (steps[answer.value]?.entry ?? "back")
    : "back";
}

function step(
  label: string,
  entry: AuditEntry | undefined,
): readonly { readonly label: string; readonly entry: AuditEntry }[] {
  return entry === undefined ? [] : [{ label: `${label}: ${said(entry)}`, entry }];
}

/** A record in one line that leaves room for what is in front of it. */
function said(entry: AuditEntry): string {
  const text = COLUMNS.map((column) => column.text(entry) ?? "").join("  ");
  return cutToWidth(printable(text), columnsLeft(24));
}
