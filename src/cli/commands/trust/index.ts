import type { Command } from "commander";
import { addAdd } from "./add.js";
import { addDisable, addRevoke } from "./end.js";
import { addInspect } from "./inspect.js";
import { addList } from "./list.js";
import { addRotate } from "./rotate.js";

/** `signet trust`: registry files. */
export function addTrust(program: Command): void {
  const trust = program
    .command("trust")
    .description("look at a trust registry, and change it: comments and order stay");
  addInspect(trust);
  addList(trust);
  addAdd(trust);
  addDisable(trust);
  addRevoke(trust);
  addRotate(trust);
}
