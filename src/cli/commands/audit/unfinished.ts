import type { UnfinishedIntent } from "../../../audit/intents/unfinished.js";
import { counted, print, printJson, printTable } from "../../output.js";
import type { Column } from "../../output.js";
import type { AuditFlags } from "./flags.js";

const COLUMNS: readonly Column<UnfinishedIntent>[] = [
  { title: "time", text: ({ ts }) => ts },
  { title: "signer", text: ({ signer }) => signer },
  { title: "tool", text: ({ tool }) => tool },
  { title: "target", text: ({ target }) => target },
  { title: "receipt", text: ({ id }) => id },
  { title: "where", text: ({ place }) => `${place.file}:${place.line}` },
];

/** Lists calls without an end. Only looks: a server that starts on the log ends those of servers that are gone. */
export async function listUnfinished(dir: string, flags: AuditFlags): Promise<void> {
  const { AuditLog } = await import("../../../audit/log.js");
  const log = await AuditLog.open(dir, { readOnly: true });
  const found = await log.unfinished();
  if (flags.json === true) {
    printJson(found);
    return;
  }
  if (found.length > 0) printTable(COLUMNS, found);
  print(`${found.length > 0 ? "\n" : ""}${counted(found.length, "call")} without an end`);
}
