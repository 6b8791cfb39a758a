// Prints the tables of codes as the README has them. A test compares the two.
import { CLIENT_REFUSALS } from "signet-mcp/client";
import { REFUSALS } from "signet-mcp/server";

export function codeTable(refusals) {
  const rows = Object.entries(refusals).map(
    ([code, { meaning, remedy }]) => `| \`${code}\` | ${meaning} | ${remedy} |`,
  );
  return ["| code | what was found | what to do |", "| --- | --- | --- |", ...rows].join("\n");
}

if (import.meta.url === `file://${process.argv[1]}`) {
  console.log(`${codeTable(REFUSALS)}\n\n${codeTable(CLIENT_REFUSALS)}`);
}
