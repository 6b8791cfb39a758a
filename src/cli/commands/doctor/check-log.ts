import type { AuditEntry } from "../../../audit/read/query.js";
import { AuditLogError } from "../../../errors.js";
import { isPlainObject, ownValue } from "../../../lib/json.js";
import { counted } from "../../output.js";
import { ProgressBar } from "../../progress.js";
import { faultOf, look, ok, wrong } from "./finding.js";
import type { Finding } from "./finding.js";

/** Further ahead than that is no drift of clocks. */
const AHEAD_MS = 30_000;

/** Looks at the log: whether it holds, whether the clock fits it, and what guards put there about their registry. */
export async function checkLog(dir: string): Promise<readonly Finding[]> {
  try {
    return [await verify(dir), ...(await lookAtNewest(dir))];
  } catch (error) {
    if (error instanceof AuditLogError && error.code === "audit_not_found")
      return [look("log", `there is none in ${dir} yet`)];
    return [faultOf("log", error)];
  }
}

async function verify(dir: string): Promise<Finding> {
  const { verifyAudit } = await import("../../../audit/verify/verify-audit.js");
  const bar = new ProgressBar("verifying the log");
  const report = await verifyAudit(dir, {
    onProgress: ({ bytesDone, bytesTotal }) => {
      bar.show(bytesDone, bytesTotal);
    },
  }).finally(() => {
    bar.end();
  });
  if (report.ok) return ok("log", `${counted(report.records, "record")}, chain and signatures intact`);
  const [first] = report.findings;
  const where = first === undefined ? "" : `: ${first.code} at ${first.place.file}:${first.place.line}`;
  return wrong("log", `it does not hold${where}`, "signet audit --verify says what is wrong, and where");
}

async function lookAtNewest(dir: string): Promise<readonly Finding[]> {
  const { query } = await import("../../../audit/read/query.js");
  const findings: Finding[] = [];
  let isFirst = true;
  for await (const entry of query(dir, { order: "newest", limit: 10_000 })) {
    if (isFirst) findings.push(...checkClock(entry));
    isFirst = false;
    const { kind, ts } = entry.summary;
    if (kind === "registry_reloaded") break;
    if (kind !== "registry_rejected") continue;
    const detail = isPlainObject(entry.record.receipt) ? ownValue(entry.record.receipt, "detail") : undefined;
    findings.push(
      wrong(
        "registry",
        `since ${ts ?? "some time"} a guard has kept the version before: ${typeof detail === "string" ? detail : "it does not say why"}`,
        "mend the registry file: a guard that watches it takes it at once",
      ),
    );
    break;
  }
  return findings;
}

function checkClock({ summary }: AuditEntry): readonly Finding[] {
  const aheadMs = (summary.tsMs ?? 0) - Date.now();
  if (aheadMs <= AHEAD_MS) return [ok("clock", `${new Date().toISOString()}, after the newest record`)];
  return [
    wrong(
      "clock",
      `it is ${Math.round(aheadMs / 1000)} s behind the newest record`,
      "set it by NTP: receipts are checked against it",
    ),
  ];
}
