import type { AuditEntry } from "../../../audit/read/query.js";
import { AuditLogError } from "../../../errors.js";
import { counted, note } from "../../output.js";
import type { AuditFlags } from "./flags.js";
import { queryOf } from "./flags.js";

/** Finds the records that the flags choose, oldest first. Where there is no log, there are none. */
export async function findRecords(dir: string, flags: AuditFlags): Promise<readonly AuditEntry[]> {
  const { query } = await import("../../../audit/read/query.js");
  const wanted = queryOf(flags);
  const found: AuditEntry[] = [];
  let unreadable = 0;
  try {
    for await (const entry of query(dir, { ...wanted, onUnreadable: () => (unreadable += 1) }))
      found.push(entry);
  } catch (error) {
    if (!(error instanceof AuditLogError) || error.code !== "audit_not_found") throw error;
    if (flags.dir !== undefined) throw error;
    note(`There is no log in ${dir} yet.`);
  }
  if (unreadable > 0)
    note(`${counted(unreadable, "line or file")} cannot be read: signet audit --verify says which.`);
  return wanted.order === "newest" ? found.toReversed() : found;
}
