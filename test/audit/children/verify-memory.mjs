/** Verifies the log in a directory by the built package, with two threads; prints the peak of its memory. */
import { AuditLog } from "../../../dist/audit/index.js";

const log = await AuditLog.open(process.argv[2], { readOnly: true });
const { ok, records } = await log.verify({ threads: 2 });
// In kilobytes.
console.log(JSON.stringify({ ok, records, megabytes: process.resourceUsage().maxRSS / 1024 }));
