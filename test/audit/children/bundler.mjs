// Writes a bundle, and says how that ended. Runs where files may not grow.
import { AuditLog } from "signet-mcp/audit";

const [dir, target] = process.argv.slice(2);
const log = await AuditLog.open(dir, { readOnly: true });
const outcome = await log.bundle(target).then(
  (manifest) => ({ manifest }),
  ({ code }) => ({ code }),
);
console.log(JSON.stringify(outcome));
