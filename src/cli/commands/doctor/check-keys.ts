import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { openKeystore } from "../../../keystore/index.js";
import { counted } from "../../output.js";
import { faultOf, look, ok, wrong } from "./finding.js";
import type { Finding } from "./finding.js";

/** Looks at the keys: their files, who may read them, what was left behind. */
export async function checkKeys(): Promise<readonly Finding[]> {
  const keystore = openKeystore();
  try {
    const keys = await keystore.list();
    if (keys.length === 0)
      return [look("keys", `there is none in ${keystore.dir}`, "signet identity generate --name my-agent")];
    const findings: Finding[] = [ok("keys", `${counted(keys.length, "key")} in ${keystore.dir}`)];
    for (const { name, problem, encrypted } of keys) {
      if (problem !== undefined) findings.push(wrong("keys", `${name}: ${problem}`));
      else if (encrypted === false)
        findings.push(
          look(
            "keys",
            `${name} is not encrypted`,
            `signet identity passphrase --name ${name}, if whoever uses it can have SIGNET_PASSPHRASE`,
          ),
        );
    }
    return [...findings, ...(await checkLeftovers(keystore.dir))];
  } catch (error) {
    return [faultOf("keys", error)];
  }
}

async function checkLeftovers(dir: string): Promise<readonly Finding[]> {
  const parts = (await readdir(dir)).filter((name) => name.startsWith(".") && name.endsWith(".part"));
  return parts.map((name) =>
    look(
      "keys",
      `${join(dir, name)} was left behind by a program that ended while it wrote`,
      `remove it: rm '${join(dir, name)}'`,
    ),
  );
}
