/**
 * `npm run bench`: measures the built package and prints a table; with `--json` one JSON value. `--only NAME` runs one
 * part, as often as it is given. Missed targets are shown, and are no failure: figures depend on the machine.
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { benchAudit } from "./audit.mjs";
import { benchAuditVerify } from "./audit-verify.mjs";
import { benchCanonical } from "./canonical.mjs";
import { benchCli } from "./cli.mjs";
import { benchGuard } from "./guard.mjs";
import { benchHttp } from "./http.mjs";
import { benchHttpStores } from "./http-stores.mjs";
import { benchInstall } from "./install.mjs";
import { benchRegistry } from "./registry.mjs";
import { benchReplay } from "./replay.mjs";
import { benchReplayFile } from "./replay-file.mjs";
import { benchReplayPostgres } from "./replay-postgres.mjs";
import { benchReplayRedis } from "./replay-redis.mjs";
import { benchStart } from "./start.mjs";
import { printTable } from "./table.mjs";

/**
 * A row: `{ name, value, unit, share?, target? }`. A share is a fraction of what was measured in the same run as the
 * row's limit, and where there is one the target is about it; otherwise about the value.
 */
const PARTS = {
  guard: benchGuard,
  canonical: benchCanonical,
  http: benchHttp,
  "http-stores": benchHttpStores,
  replay: benchReplay,
  "replay-file": benchReplayFile,
  "replay-redis": benchReplayRedis,
  "replay-postgres": benchReplayPostgres,
  registry: benchRegistry,
  audit: benchAudit,
  "audit-verify": benchAuditVerify,
  start: benchStart,
  cli: benchCli,
  install: benchInstall,
};

const { values: options } = parseArgs({
  options: { json: { type: "boolean", default: false }, only: { type: "string", multiple: true } },
});
const names = options.only ?? Object.keys(PARTS);
for (const name of names) {
  if (PARTS[name] === undefined) {
    console.error(`no part ${JSON.stringify(name)}; there are ${Object.keys(PARTS).join(", ")}`);
    process.exit(2);
  }
}

const processors = cpus();
const machine = {
  cpu: processors[0]?.model ?? "unknown",
  cores: processors.length,
  node: process.version,
  platform: `${process.platform} ${process.arch}`,
  date: new Date().toISOString().slice(0, 10),
};
const parts = {};
for (const name of names) {
  // One after another: they must not take each other's processor.
  parts[name] = (await PARTS[name]()).map(judge);
  if (!options.json) printTable(name, parts[name]);
}
if (options.json) console.log(JSON.stringify({ machine, parts }, undefined, 2));
else console.log(`\n${Object.values(machine).join(", ")}${machine.cores === 1 ? " core" : " cores"}`);

function judge(row) {
  if (row.target === undefined) return row;
  const { atLeast = -Infinity, atMost = Infinity } = row.target;
  const judged = row.share ?? row.value;
  return { ...row, met: judged >= atLeast && judged <= atMost };
}
