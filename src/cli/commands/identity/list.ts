import type { Command } from "commander";
import { formatTime } from "../../../lib/time.js";
import type { KeySummary } from "../../../keystore/index.js";
import { note, printJson, printTable } from "../../output.js";
import type { Column } from "../../output.js";

const COLUMNS: readonly Column<KeySummary>[] = [
  { title: "name", text: ({ name }) => name },
  { title: "owner", text: ({ owner }) => owner },
  { title: "principal", text: ({ principal }) => principal },
  {
    title: "kept",
    text: ({ encrypted }) => (encrypted === undefined ? "?" : encrypted ? "encrypted" : "plain"),
    style: ({ encrypted }) => (encrypted === true ? "green" : "yellow"),
  },
  {
    title: "created",
    text: ({ createdAtMs }) =>
      createdAtMs === undefined ? "" : formatTime(createdAtMs).slice(0, 19).replace("T", " "),
  },
  { title: "public key", text: ({ publicKey }) => publicKey },
];

/** `signet identity list` */
export function addList(identity: Command): void {
  identity
    .command("list")
    .description("list all keys")
    .option("--json", "print one JSON value")
    .addHelpText("after", "\nExample:\n  signet identity list")
    .action(async ({ json }: { readonly json?: true }) => {
      const { openKeystore } = await import("../../../keystore/index.js");
      const keystore = openKeystore();
      const keys = await keystore.list();
      if (json === true) {
        printJson(keys);
        return;
      }
      if (keys.length === 0) {
        note(`There is no key in ${keystore.dir} yet: signet identity generate --name my-agent`);
        return;
      }
      printTable(COLUMNS, keys);
      for (const { name, problem } of keys) if (problem !== undefined) note(`${name}: ${problem}`);
    });
}
