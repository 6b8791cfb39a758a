import { join } from "node:path";
import { signetHome } from "../../../lib/signet-home.js";
import { print } from "../../output.js";

/** Prints the names of the keys, one a line. Silent whatever happens: somebody is typing meanwhile. */
export async function printNames(): Promise<void> {
  try {
    const { KeyDirectory } = await import("../../../keystore/key-directory.js");
    const names = await new KeyDirectory(join(signetHome(), "keys")).names();
    for (const { name } of names) print(name);
  } catch {
    // No names are completed then.
  }
}
