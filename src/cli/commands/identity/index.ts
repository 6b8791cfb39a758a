import type { Command } from "commander";
import { addExport } from "./export.js";
import { addGenerate } from "./generate.js";
import { addImport } from "./import.js";
import { addList } from "./list.js";
import { addPassphrase } from "./passphrase.js";

/** `signet identity`: keys. */
export function addIdentity(program: Command): void {
  const identity = program.command("identity").description("make and keep the keys of agents and servers");
  addGenerate(identity);
  addList(identity);
  addExport(identity);
  addImport(identity);
  addPassphrase(identity);
}
