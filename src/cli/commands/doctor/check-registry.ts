import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { openKeystore } from "../../../keystore/index.js";
import { formatTime } from "../../../lib/time.js";
import { readHere } from "../../../trust/reading.js";
import { takeIn } from "../../../trust/take-in.js";
import type { InUse } from "../../../trust/take-in.js";
import type { TrustRegistry } from "../../../trust/registry.js";
import type { TrustEntry } from "../../../trust/types.js";
import { counted } from "../../output.js";
import { listEntries } from "../trust/entries.js";
import type { Listed } from "../trust/entries.js";
import { faultOf, look, ok, wrong } from "./finding.js";
import type { Finding } from "./finding.js";

const SOON_MS = 30 * 86_400_000;
const AHEAD_MS = 60_000;
const GROUP_AND_OTHERS_WRITE = 0o022;
/** What is in such a directory only its owner may replace, whoever may write to it. */
const STICKY = 0o1000;

/**
 * Looks at a registry file.
 *
 * @param before - The version that a guard has in force: says whether it would take the file in its place.
 */
export async function checkRegistry(path: string, before: string | undefined): Promise<readonly Finding[]> {
  try {
    const inForce = before === undefined ? undefined : await read(before, undefined);
    const { registry } = await read(path, inForce);
    return [
      ok(
        "registry",
        `${path} holds${before === undefined ? "" : `, and a guard that has ${before} in force takes it`}`,
      ),
      ...checkFile(path),
      ...checkEntries(registry),
      ...(await checkOwnKeys(registry)),
    ];
  } catch (error) {
    return [faultOf("registry", error)];
  }
}

async function read(file: string, before: InUse | undefined): Promise<InUse> {
  const options = { requireAgents: false };
  return await readHere(
    { path: resolve(file), file, options, knownDigest: undefined },
    async ({ version }) => {
      if (version === undefined) throw new Error("a first version cannot be unchanged");
      return await takeIn(version, before, options, file);
    },
  );
}

function checkFile(path: string): readonly Finding[] {
  if (process.platform === "win32") return [];
  const folder = dirname(resolve(path));
  const { mode } = statSync(folder);
  if ((mode & GROUP_AND_OTHERS_WRITE) !== 0 && (mode & STICKY) === 0)
    return [
      wrong("registry", `others may put another file in the place of ${path}`, `chmod go-w '${folder}'`),
    ];
  if ((statSync(path).mode & GROUP_AND_OTHERS_WRITE) === 0) return [];
  return [wrong("registry", `others may write to ${path}, and trust keys of theirs`, `chmod go-w '${path}'`)];
}

function checkEntries(registry: TrustRegistry): readonly Finding[] {
  const now = Date.now();
  const findings: Finding[] = [];
  const entries = listEntries(registry, now);
  const active = (section: string): readonly Listed[] =>
    entries.filter((one) => one.section === section && one.standing === "active");
  const agents = active("agents");
  findings.push(
    ok(
      "registry",
      `${counted(agents.length, "agent")} and ${counted(active("servers").length, "server")} trusted now`,
    ),
  );
  if (agents.length === 0)
    findings.push(
      wrong(
        "registry",
        "no agent is trusted now, so that every call is refused",
        "signet trust add FILE --name AGENT",
      ),
    );
  const open = agents.filter(({ entry }) => entry.tools === undefined);
  if (open.length > 0) {
    findings.push(
      look(
        "registry",
        `${names(open)} may call every tool, as no \`tools\` are listed`,
        'list them, or write tools: ["*"] to mean it. The released `signet trust` drops `tools`, `targets`, `limits` and `principal` from all entries',
      ),
    );
  }
  const ending = entries.filter(
    ({ entry, standing }) =>
      standing === "active" &&
      entry.expiresAtMs !== undefined &&
      entry.expiresAtMs < now + SOON_MS &&
      !hasSuccessor(entry, entries),
  );
  for (const { entry } of ending)
    findings.push(
      look(
        "registry",
        `${entry.id} ends at ${formatTime(entry.expiresAtMs ?? now)}`,
        `signet trust rotate FILE --id ${entry.id} …`,
      ),
    );
  const aheadMs = registry.header.generatedAtMs - now;
  if (aheadMs > AHEAD_MS)
    findings.push(
      wrong(
        "registry",
        `its generated_at is ${Math.round(aheadMs / 1000)} s ahead of this clock`,
        "date it rightly: a guard takes no change that is dated before",
      ),
    );
  return findings;
}

/** Whether another key of the same name goes on when an entry ends. */
function hasSuccessor({ id, name, expiresAtMs = 0 }: TrustEntry, entries: readonly Listed[]): boolean {
  return entries.some(
    (other) =>
      other.entry.id !== id &&
      other.entry.name === name &&
      other.standing === "active" &&
      (other.entry.expiresAtMs ?? Number.POSITIVE_INFINITY) > expiresAtMs,
  );
}

function names(entries: readonly Listed[]): string {
  const shown = entries.slice(0, 5).map(({ entry }) => entry.id);
  return entries.length > shown.length
    ? `${shown.join(", ")} and ${entries.length - shown.length} more`
    : shown.join(", ");
}

/** A key that was made anew under its old name is refused everywhere until the registry has it. */
async function checkOwnKeys(registry: TrustRegistry): Promise<readonly Finding[]> {
  const entries = listEntries(registry, Date.now());
  const findings: Finding[] = [];
  for (const { name, publicKey } of await openKeystore().list()) {
    const renamed = entries.find(({ entry }) => entry.pubkey === publicKey && entry.name !== name);
    if (renamed !== undefined)
      findings.push(
        wrong(
          "registry",
          `it lists the key of ${name} as ${renamed.entry.name} (${renamed.entry.id}), and its receipts are signed as ${name}`,
          `write name: ${name} in that entry`,
        ),
      );
    const sameName = entries.filter(({ entry }) => entry.name === name);
    if (publicKey === undefined || sameName.length === 0 || renamed !== undefined) continue;
    const listed = sameName.find(({ entry }) => entry.pubkey === publicKey);
    if (listed === undefined)
      findings.push(
        wrong(
          "registry",
          `it lists another key of ${name} than the one in the keystore`,
          `signet trust rotate FILE --id ${sameName[0]?.entry.id ?? ""} --new-id ${name}-2 --new-pubkey ${name}`,
        ),
      );
    else if (listed.standing !== "active")
      findings.push(
        wrong(
          "registry",
          `the key of ${name} is ${listed.standing} (${listed.entry.id})`,
          `make another, signet identity generate --name ${name}-2, and list it: signet trust add FILE --name ${name}-2`,
        ),
      );
  }
  return findings;
}
