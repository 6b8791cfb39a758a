import { readdir } from "node:fs/promises";

import { AuditLogError } from "../../errors.js";
import { listDayFiles } from "./day-files.js";
import type { DayListing } from "./day-files.js";
import { readFault } from "../faults.js";
import { systemCode } from "../file-system.js";

/**
 * Lists the files of a log.
 *
 * @throws `AuditLogError` `audit_not_found` when there is no such directory, `audit_unreadable`.
 */
export async function listRecordFiles(dir: string): Promise<DayListing> {
  let names: string[];
  try {
    names = await readdir(dir);
  } catch (cause) {
    if (systemCode(cause) !== "ENOENT") throw readFault(dir, cause);
    throw new AuditLogError(
      "audit_not_found",
      `there is no directory ${dir}; a log is made by whoever appends to it`,
      { cause },
    );
  }
  const listing = listDayFiles(names);
  if (listing.days.length === 0 && names.includes("audit") && names.includes("keys")) throw homeGiven(dir);
  return listing;
}

/** A home holds the log and the keys; the log itself is a folder in it. */
export function homeGiven(dir: string): AuditLogError {
  return new AuditLogError(
    "audit_not_found",
    `${dir} is no log, but holds one beside keys, as a SIGNET_HOME does: give its folder audit`,
  );
}
