import { homedir } from "node:os";
import { join } from "node:path";

/** `SIGNET_HOME`, by default `~/.signet`. */
export function signetHome(): string {
  const home = process.env["SIGNET_HOME"];
  return home === undefined || home === "" ? join(homedir(), ".signet") : home;
}
