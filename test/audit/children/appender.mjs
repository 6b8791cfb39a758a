// Appends records to a log, and says each number once it is acknowledged: `node appender.mjs DIR NAME COUNT CALLERS BYTES`.
import { writeSync } from "node:fs";
import { AuditLog } from "signet-mcp/audit";

const [dir, name, count, callers, bytes] = process.argv.slice(2);
const log = await AuditLog.open(dir);
writeSync(1, "ready\n");
const filler = "x".repeat(Number(bytes));
let next = 0;
const work = async () => {
  while (next < Number(count)) {
    const n = next++;
    // Now and then a long one: it takes several writes of the kernel's to be torn.
    const text = n % 7 === 3 ? filler : "";
    await log.append({ type: "note", ts: new Date().toISOString(), name, n, text });
    writeSync(1, `${n}\n`);
  }
};
await Promise.all(Array.from({ length: Number(callers) }, work));
await log.close();
