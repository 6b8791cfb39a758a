import { join, resolve } from "node:path";
import { signetHome } from "../lib/signet-home.js";

/** Directory of the log. */
export function auditDirectory(): string {
  return resolve(join(signetHome(), "audit"));
}
