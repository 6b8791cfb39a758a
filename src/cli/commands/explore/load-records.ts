import { existsSync } from "node:fs";
import { query } from "../../../audit/read/query.js";
import type { AuditEntry } from "../../../audit/read/query.js";
import { AuditLogError } from "../../../errors.js";
import { printable } from "../../../lib/text.js";
import { note } from "../../output.js";
import { queryOf } from "../audit/flags.js";
import type { ExploreFlags } from "./flags.js";

/** Flags that leave records out. */
const FILTERS = ["since", "until", "tool", "signer", "outcome"] as const;

/** Finds the records that the flags choose, newest first. Says why where there are none. */
export async function loadRecords(dir: string, flags: ExploreFlags): Promise<readonly AuditEntry[]> {
  const found: AuditEntry[] = [];
  let unreadable = 0;
  try {
    for await (const entry of query(dir, { ...queryOf(flags), onUnreadable: () => (unreadable += 1) }))
      found.push(entry);
  } catch (error) {
    // One that is there and is no log is a mistake; one that is not there yet has no records.
    if (!(error instanceof AuditLogError) || error.code !== "audit_not_found" || existsSync(dir)) throw error;
  }
  if (unreadable > 0) note(`${unreadable} lines or files cannot be read: signet audit --verify says which.`);
  else if (found.length === 0) note(printable(whyNone(dir, flags)));
  return found;
}

function whyNone(dir: string, flags: ExploreFlags): string {
  const given = FILTERS.filter((name) => flags[name] !== undefined);
  if (given.length === 0)
    return `There is no record in ${dir} yet: signet sign --key NAME --tool TOOL --target mcp://SERVER puts one there.`;
  return `No record in ${dir} is like that: run signet explore without ${given.map((name) => `--${name}`).join(", ")}.`;
}
