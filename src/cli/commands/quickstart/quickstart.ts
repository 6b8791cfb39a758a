import { execFile } from "node:child_process";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { promisify } from "node:util";
import { openKeystore } from "../../../keystore/index.js";
import type { Keystore } from "../../../keystore/index.js";
import { fromEnvironment } from "../../../keystore/passphrase.js";
import { formatTime } from "../../../lib/time.js";
import { printable } from "../../../lib/text.js";
import { CliFault } from "../../faults.js";
import { findPublicKey } from "../../key-spec.js";
import { note, print, printJson, styled } from "../../output.js";
import { CLIENT_TEXT, NAMES, registryText, SERVER_TEXT } from "./files.js";
import type { QuickstartKey } from "./files.js";
import { findsPackages, installPackages } from "./packages.js";

const OWNER = "my-org";
/** The first call takes this long at most, in milliseconds. */
const CALL_MS = 60_000;

/** Makes all that a first verified call needs, and makes it. */
export async function quickstart(target: string, json: boolean): Promise<void> {
  const dir = resolve(target);
  const say = (text: string): void => {
    if (!json) print(`${styled("green", "✓")} ${text}`);
  };
  const keystore = openKeystore();
  await requireEmpty(dir);
  const keys = { agent: await keyOf(keystore, NAMES.agent), server: await keyOf(keystore, NAMES.server) };
  say(`keys ${NAMES.agent} and ${NAMES.server} in ${keystore.dir}`);
  await mkdir(dir, { recursive: true });
  const files = {
    "registry.yaml": registryText(
      keys,
      formatTime(Math.floor(Date.now() / 1000) * 1000).replace(".000Z", "Z"),
    ),
    "server.mjs": SERVER_TEXT,
    "client.mjs": CLIENT_TEXT,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text, { flag: "wx" });
  say(`${Object.keys(files).join(", ")} in ${dir}`);
  if (!findsPackages(dir)) {
    if (!json) note("  npm installs the packages …");
    await installPackages(dir);
    say("packages installed");
  }
  const said = await firstCall(dir);
  say(`a first call, signed, verified, run and countersigned: ${printable(said)}`);
  if (json) {
    printJson({ dir, keys, files: Object.keys(files), said });
    return;
  }
  const shown = relative(process.cwd(), dir) || ".";
  print(`
Next:
  node ${join(shown, "client.mjs")}
      calls it again
  npx signet audit
      what is on record
  npx signet verify --chain
      that nobody changed it
  npx signet trust list ${join(shown, "registry.yaml")}
      who is trusted`);
}

/** Nothing is made before all that may be wrong was looked at: what failed can be tried again. */
async function requireEmpty(dir: string): Promise<void> {
  const names = await readdir(dir).catch((error: unknown) => {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    if (code === "ENOENT") return [];
    throw new CliFault(`${dir} cannot be used (${code}): name another directory, signet quickstart DIR`);
  });
  if (names.length === 0) return;
  throw new CliFault(
    `${dir} is there already, and nothing is overwritten: name another directory, signet quickstart DIR`,
  );
}

/** A key that is there is used, as it is. */
async function keyOf(keystore: Keystore, name: string): Promise<QuickstartKey> {
  const known = (await keystore.list()).find((key) => key.name === name);
  if (known !== undefined) {
    if (known.encrypted === true && fromEnvironment() === undefined)
      throw new CliFault(
        `the key ${name} is there and is encrypted: set SIGNET_PASSPHRASE to its passphrase`,
      );
    // Now, rather than in the middle of the call: the passphrase may be another.
    await keystore.load(name);
    return { publicKey: await findPublicKey(name, "--name"), owner: known.owner ?? OWNER };
  }
  const isSealed = fromEnvironment() !== undefined;
  const { publicKey } = await keystore.generate(name, {
    owner: OWNER,
    ...(isSealed ? {} : { unencrypted: true }),
  });
  if (publicKey === undefined) throw new Error("a new key has a public key");
  return { publicKey, owner: OWNER };
}

async function firstCall(dir: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [join(dir, "client.mjs")], {
      timeout: CALL_MS,
    });
    return stdout.trim().split("\n").at(-1) ?? "";
  } catch (error) {
    const stderr: unknown = error instanceof Error && "stderr" in error ? error.stderr : undefined;
    const why =
      typeof stderr === "string" && stderr !== ""
        ? stderr.trim().split("\n").slice(-8).join("\n")
        : String(error);
    throw new CliFault(
      `the first call failed: ${why}\nThe files are in ${dir}: signet doctor --registry ${join(dir, "registry.yaml")}`,
    );
  }
}
