// Somebody with an editor changes one word of one record, in a copy of the log.
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { AuditLog } from "signet-mcp/audit";

/** @returns the copy, the place of the record, and what the record said before and after. */
export async function editByHand(audit, copy) {
  await cp(audit, copy, { recursive: true });
  const place = await findTenthCall(copy);
  const path = join(copy, place.file);
  const lines = (await readFile(path, "utf8")).split("\n");
  const [before] = /"title":"[^"]*"/.exec(lines[place.line - 1]);
  const after = '"title":"nothing to see here"';
  lines[place.line - 1] = lines[place.line - 1].replace(before, after);
  await writeFile(path, lines.join("\n"));
  return { copy, place, before, after };
}

async function findTenthCall(dir) {
  const log = await AuditLog.open(dir, { readOnly: true });
  const places = [];
  for await (const { place } of log.query({ tool: "github_create_issue", limit: 10 })) places.push(place);
  return places.at(-1);
}
