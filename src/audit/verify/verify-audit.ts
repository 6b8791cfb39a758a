import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

import type { DayListing } from "../read/day-files.js";
import { listRecordFiles } from "../read/list-files.js";
import type { AuditReport } from "./report.js";
import { readVerifyOptions } from "./options.js";
import type { VerifyAuditOptions } from "./options.js";
import { run } from "./run.js";

export type { VerifyAuditOptions } from "./options.js";

/**
 * Verifies a whole log: that each line is a record and has the hash it says, that each record follows the one before over all
 * days, and that the signatures in it hold, of the agents, the servers, delegations and decisions. Whoever signed has to be
 * listed in the registry, if there is one, as it stood at the time of the receipt.
 *
 * Nothing that a log holds makes it throw: what is wrong is a finding, with its place, and the rest is verified all the
 * same. Memory does not grow with the log. What others append meanwhile is not looked at.
 *
 * Does not tell that records are missing at the end: compare the report's `tip` and `records` with what was noted elsewhere.
 *
 * @param dir - Directory of the log.
 * @returns the report, also of an empty log.
 * @throws as a rejection, `AuditLogError`: `audit_not_found`, `audit_unreadable` for the directory; `TrustRegistryError` for
 * the registry's file; the reason of `signal`. At once, `OptionError`: the caller's fault.
 *
 * @example
 * ```ts
 * import { AuditLog } from "signet-mcp/audit";
 *
 * const log = await AuditLog.open("audit", { readOnly: true });
 * const report = await log.verify({ registry: "config/registry.yaml" });
 * for (const { code, place, detail } of report.findings) console.log(code, place, detail);
 * ```
 */
export async function verifyAudit(dir: string, options: VerifyAuditOptions = {}): Promise<AuditReport> {
  const verification = readVerifyOptions(options);
  const { days, doubles, strangers } = await listSettled(dir);
  const files = days.map(({ name, compressed }) => ({ path: join(dir, name), name, compressed }));
  return run(files, verification, (tally) => {
    for (const { name } of doubles)
      tally.addFinding("day_twice", "the plain file of this day was verified", 1, name);
    for (const name of strangers) tally.addFinding("unknown_file", "its name is no day", 1, name);
  });
}

/** Somebody who compresses removes the plain file as soon as the other one is durable. */
const LOOK_AGAIN_MS = 20;
const LOOKS = 25;

/** Lists the files of a log. A day that is there twice may be at the end of being compressed: it is one if it stays so. */
async function listSettled(dir: string): Promise<DayListing> {
  let listing = await listRecordFiles(dir);
  let { doubles } = listing;
  for (let look = 0; look < LOOKS && doubles.length > 0; look++) {
    await setTimeout(LOOK_AGAIN_MS);
    listing = await listRecordFiles(dir);
    const names = new Set(listing.doubles.map(({ name }) => name));
    doubles = doubles.filter(({ name }) => names.has(name));
  }
  return { ...listing, doubles };
}
