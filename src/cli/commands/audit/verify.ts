import { reportLog } from "../../log-report.js";
import type { AuditFlags } from "./flags.js";
import { ownParamsKeys } from "./own-keys.js";

/** Verifies the whole log. */
export async function verifyLog(
  dir: string,
  { json, trustBundle, decryptParams }: AuditFlags,
): Promise<void> {
  await reportLog(dir, {
    json: json === true,
    title: "Log",
    registry: trustBundle,
    paramsKeys: decryptParams === true ? await ownParamsKeys() : undefined,
  });
}
