import type { RecordFile } from "../read/byte-source.js";
import { readVerifyOptions } from "./options.js";
import type { VerifyAuditOptions } from "./options.js";
import type { AuditReport } from "./report.js";
import { run } from "./run.js";

/**
 * Verifies files that hold one chain, one after another, as `verifyAudit` does the days of a log.
 *
 * @param files - Oldest first.
 */
export async function verifyFiles(
  files: readonly RecordFile[],
  options: VerifyAuditOptions = {},
): Promise<AuditReport> {
  return run(files, readVerifyOptions(options));
}
