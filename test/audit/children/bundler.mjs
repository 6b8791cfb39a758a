// Writes a bundle and restores it, and says how that ended and what memory it took.
import { AuditLog, restoreBundle } from "signet-mcp/audit";

const [dir, target] = process.argv.slice(2);
const log = await AuditLog.open(dir, { readOnly: true });
const outcome = await log
  .bundle(target)
  .then(() => restoreBundle(target, { threads: 1 }))
  .then(
    ({ ok, records }) => ({ ok, records: records.records }),
    ({ code }) => ({ code }),
  );
console.log(JSON.stringify({ ...outcome, peakBytes: process.resourceUsage().maxRSS * 1024 }));
