import { hostname } from "node:os";
import { counted, note, printJson } from "../../output.js";
import { queryOf } from "./flags.js";
import type { AuditFlags } from "./flags.js";

/** Writes an evidence bundle. */
export async function bundle(dir: string, flags: AuditFlags): Promise<void> {
  const { AuditLog } = await import("../../../audit/log.js");
  const target = flags.bundle ?? "";
  const { since, until } = queryOf(flags);
  const log = await AuditLog.open(dir, { readOnly: true });
  const manifest = await log.bundle(target, {
    registry: flags.includeTrustBundle,
    since,
    until,
    host: hostname(),
  });
  if (flags.json === true) {
    printJson(manifest);
    return;
  }
  note(
    `${counted(manifest.record_count, "record")} in ${target}: signet audit --restore ${target} verifies it.`,
  );
}
