import { isPlainObject } from "../../../lib/json.js";
import { counted, note, printJson } from "../../output.js";
import { requireOutput, writeOutput } from "../../write-output.js";
import type { AuditFlags } from "./flags.js";
import { ownParamsKeys } from "./own-keys.js";
import { findRecords } from "./records.js";

/** Writes records to a file, as one JSON list. */
export async function exportRecords(dir: string, flags: AuditFlags): Promise<void> {
  const file = flags.export ?? "";
  await requireOutput(file, "--export");
  const found = await findRecords(dir, flags);
  const opened = flags.decryptParams === true ? await createOpener() : (receipt: unknown) => receipt;
  const records = found.map(({ record }) => ({ ...record, receipt: opened(record.receipt) }));
  await writeOutput(JSON.stringify(records, undefined, 2), file, 0o600, "--export");
  if (flags.json === true) printJson({ file, records: records.length });
  else note(`Exported ${counted(records.length, "record")} to ${file}.`);
}

async function createOpener(): Promise<(receipt: unknown) => unknown> {
  const keys = await ownParamsKeys();
  const { decryptParams } = await import("../../../audit/record/params-cipher.js");
  const { summariseRecord } = await import("../../../audit/record/record-summary.js");
  const { AuditLogError } = await import("../../../errors.js");
  return (receipt) => {
    if (!isPlainObject(receipt)) return receipt;
    const { signerKey = "", id } = summariseRecord(receipt);
    const key = keys.get(signerKey);
    if (key === undefined) return receipt;
    try {
      return decryptParams(receipt, key);
    } catch (error) {
      if (!(error instanceof AuditLogError)) throw error;
      note(`${id ?? "a record"} stays encrypted: ${error.message}`);
      return receipt;
    }
  };
}
