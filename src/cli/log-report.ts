import { printable } from "../lib/text.js";
import type { Finding } from "../audit/verify/findings.js";
import { TRUST_CODES } from "../audit/verify/trust-codes.js";
import type { AuditReport } from "../audit/verify/report.js";
import { CliFault, doesNotHold } from "./faults.js";
import { counted, note, print, printJson, printTable, styled } from "./output.js";
import type { Column } from "./output.js";
import { ProgressBar } from "./progress.js";

/** How a log is verified, and what is said of it. */
export interface LogReportOptions {
  readonly json: boolean;
  /** What is said to hold: `Chain`, `Log`. */
  readonly title: string;
  readonly registry?: string | undefined;
  readonly paramsKeys?: ReadonlyMap<string, Uint8Array> | undefined;
}

/** More are counted, and not shown. */
const SHOWN = 20;

export const FINDING_COLUMNS: readonly Column<Finding>[] = [
  { title: "where", text: ({ place }) => `${place.file}:${place.line}` },
  { title: "what", text: ({ code }) => code, style: () => "red" },
  { title: "detail", text: ({ detail }) => detail },
];

/** Verifies the log and says what came of it. */
export async function reportLog(dir: string, options: LogReportOptions): Promise<void> {
  const { verifyAudit } = await import("../audit/verify/verify-audit.js");
  const { AuditLogError } = await import("../errors.js");
  const bar = new ProgressBar("verifying");
  const { registry, paramsKeys } = options;
  let report: AuditReport;
  try {
    report = await verifyAudit(dir, {
      registry,
      paramsKeys,
      onProgress: ({ bytesDone, bytesTotal }) => {
        bar.show(bytesDone, bytesTotal);
      },
    });
  } catch (error) {
    if (!(error instanceof AuditLogError) || error.code !== "audit_not_found") throw error;
    throw new CliFault(
      `there is no log in ${dir}, so nothing was verified: set SIGNET_HOME, or sign something first`,
    );
  } finally {
    bar.end();
  }
  if (!report.ok) doesNotHold();
  if (options.json) printJson(report);
  else say(report, options.title);
}

function say(report: AuditReport, title: string): void {
  const { ok, records, tip, trust, unverifiable, findings } = report;
  if (ok) {
    print(`${styled("green", `${title} intact:`)} ${counted(records, "record")} verified`);
  } else {
    const codes = Object.keys(report.findingCounts);
    const total = Object.values(report.findingCounts).reduce((sum, count) => sum + count, 0);
    // Whether keys are trusted is another question than whether the log was changed.
    const isTrust = codes.every((code) => TRUST_CODES.some((one) => one === code));
    const what = isTrust ? `${title} intact, and not trusted:` : `${title} broken:`;
    print(`${styled("red", what)} ${counted(total, "finding")} in ${counted(records, "record")}`);
    printTable(FINDING_COLUMNS, findings.slice(0, SHOWN));
    if (total > SHOWN)
      note(`… and ${total - Math.min(SHOWN, findings.length)} more: --json has the first 1,000`);
  }
  if (tip !== undefined) print(`Newest record: ${tip}`);
  if (unverifiable.total > 0) {
    note(
      `${counted(unverifiable.total, "record")} could not be checked for want of the params (redacted or encrypted).`,
    );
  }
  if (trust === "none") note("Nobody vouches for the keys: give the registry by --trust-bundle FILE.");
  else
    note(`Keys are vouched for by ${printable(trust.bundleId)}, generated ${printable(trust.generatedAt)}.`);
}
