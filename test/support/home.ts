import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Gives all tests a home of their own: what they leave to the defaults is not kept in the user's. */
export default function setup(): () => void {
  const home = mkdtempSync(join(tmpdir(), "signet-home-"));
  process.env["SIGNET_HOME"] = home;
  return () => {
    rmSync(home, { recursive: true, force: true });
  };
}
