import { printable } from "../../../lib/text.js";
import { doesNotHold } from "../../faults.js";
import { FINDING_COLUMNS } from "../../log-report.js";
import { counted, note, print, printJson, printTable, styled } from "../../output.js";
import { ProgressBar } from "../../progress.js";
import type { AuditFlags } from "./flags.js";
import { ownParamsKeys } from "./own-keys.js";

const VOUCHED = {
  given: "Keys are vouched for by the registry that you gave.",
  bundle:
    "Keys are vouched for by the bundle's own registry: by whoever made the bundle. Give one of yours by --trust-bundle FILE.",
  none: "Nobody vouches for the keys: give the registry by --trust-bundle FILE.",
} as const;

/** Verifies an evidence bundle. */
export async function restore(flags: AuditFlags): Promise<void> {
  const { restoreBundle } = await import("../../../audit/bundle/restore-bundle.js");
  const bar = new ProgressBar("verifying");
  const report = await restoreBundle(flags.restore ?? "", {
    registry: flags.trustBundle,
    paramsKeys: flags.decryptParams === true ? await ownParamsKeys() : undefined,
    onProgress: ({ bytesDone, bytesTotal }) => {
      bar.show(bytesDone, bytesTotal);
    },
  }).finally(() => {
    bar.end();
  });
  if (!report.ok) doesNotHold();
  if (flags.json === true) {
    printJson(report);
    return;
  }
  const { faults, records } = report;
  const what = counted(records.records, "record");
  print(
    report.ok
      ? `${styled("green", "Bundle intact:")} ${what} verified`
      : `${styled("red", "Bundle broken:")} ${what}`,
  );
  for (const { what: member, expected, found } of faults)
    print(printable(`${member}: the manifest says ${expected}, found ${found}`));
  if (records.findings.length > 0) printTable(FINDING_COLUMNS, records.findings.slice(0, 20));
  print(`Newest record: ${printable(report.manifest.chain_tip_record_hash)}`);
  note(VOUCHED[report.registry]);
}
