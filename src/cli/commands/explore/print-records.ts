import type { AuditEntry } from "../../../audit/read/query.js";
import { doesNotHold } from "../../faults.js";
import { printJson, printTable } from "../../output.js";
import type { Column } from "../../output.js";
import { checkPlaces, placeKey } from "./check-places.js";
import { COLUMNS } from "./columns.js";
import type { OpenLog } from "./open-log.js";
import { verificationOf } from "./verification.js";
import type { Verification } from "./verification.js";

interface Verified {
  readonly entry: AuditEntry;
  readonly verification: Verification;
}

const VERIFIED_COLUMNS: readonly Column<Verified>[] = [
  ...COLUMNS.map(({ title, text, style }) => ({
    title,
    text: ({ entry }: Verified) => text(entry),
    ...(style === undefined ? {} : { style: ({ entry }: Verified) => style(entry) }),
  })),
  {
    title: "verified",
    text: ({ verification }) => (verification.ok ? "holds" : `fails: ${faultsOf(verification)}`),
    style: ({ verification }) => (verification.ok ? undefined : "red"),
  },
];

/** Prints records where nobody can browse them: a line each, or one JSON value. */
export async function printRecords(
  log: OpenLog,
  records: readonly AuditEntry[],
  json: boolean,
): Promise<void> {
  // Where there are none, there may be no log.
  const places = records.map(({ place }) => place);
  const checked = places.length === 0 ? undefined : await checkPlaces(log, places);
  const verified = records.map((entry) => ({
    entry,
    verification: verificationOf(entry, checked?.get(placeKey(entry.place)), log),
  }));
  if (verified.some(({ verification }) => !verification.ok)) doesNotHold();
  if (json) {
    printJson(
      verified.map(({ entry: { place, record }, verification }) => ({ place, ...record, verification })),
    );
  } else if (verified.length > 0) {
    printTable(VERIFIED_COLUMNS, verified);
  }
}

/** What fails, in a word each. */
function faultsOf({ checks }: Verification): string {
  return checks
    .filter(({ result }) => result === "fails")
    .map(({ what, detail }) => /^[a-z_]+(?=: )/.exec(detail)?.[0] ?? what)
    .join(", ");
}
