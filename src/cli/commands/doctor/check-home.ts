import { accessSync, constants, existsSync, readdirSync, statSync, statfsSync } from "node:fs";
import type { Stats } from "node:fs";
import { isAbsolute, join } from "node:path";
import { signetHome } from "../../../lib/signet-home.js";
import { look, ok, wrong } from "./finding.js";
import type { Finding } from "./finding.js";

const OLDEST_NODE = [20, 19] as const;
const GROUP_AND_OTHERS_WRITE = 0o022;
/** Less than a store or a key needs. */
const NO_ROOM_BYTES = 4 * 1024 * 1024;
/** Less room than this soon stops a log. */
const LITTLE_ROOM_BYTES = 100 * 1024 * 1024;

/** Looks at the machine: Node.js, `SIGNET_HOME`, its disk. */
export function checkHome(): readonly Finding[] {
  return [checkNode(), ...checkDirectory(signetHome())];
}

function checkNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  const isNew = major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
  if (isNew) return ok("node", `Node.js ${process.versions.node}`);
  return wrong(
    "node",
    `Node.js ${process.versions.node} is too old`,
    `install ${OLDEST_NODE.join(".")} or newer`,
  );
}

function checkDirectory(home: string): readonly Finding[] {
  if (!isAbsolute(home)) {
    return [
      wrong(
        "home",
        `SIGNET_HOME is the relative path ${home}`,
        "set it to an absolute path: else it depends on where a program starts",
      ),
    ];
  }
  const status = statusOf(home);
  if (status === undefined) {
    return [
      look(
        "home",
        `${home} is not there yet`,
        "signet quickstart, or signet identity generate --name my-agent",
      ),
    ];
  }
  const findings: Finding[] = [ok("home", home)];
  if (process.platform !== "win32") {
    if (status.uid !== process.geteuid?.() && status.uid !== 0)
      findings.push(wrong("home", `${home} is another user's`, "set SIGNET_HOME to a directory of your own"));
  }
  findings.push(...checkPermissions(home));
  try {
    accessSync(home, constants.W_OK);
  } catch {
    findings.push(
      wrong(
        "home",
        `${home} cannot be written to`,
        "let this user write to it, or set SIGNET_HOME to another",
      ),
    );
  }
  const { bavail, bsize } = statfsSync(home);
  if (bavail * bsize < NO_ROOM_BYTES)
    findings.push(wrong("home", "its disk is full", "make room: keys, log and stores refuse until then"));
  else if (bavail * bsize < LITTLE_ROOM_BYTES)
    findings.push(
      look(
        "home",
        `its disk has ${Math.floor((bavail * bsize) / 1024 / 1024)} MiB left`,
        "make room: a full disk stops log and stores",
      ),
    );
  return findings;
}

function statusOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // Something on the way to it is no directory: it is not there either.
    return undefined;
  }
}

/** What is in these says who somebody is, and what happened: whoever can write there says it for them. */
function checkPermissions(home: string): readonly Finding[] {
  if (process.platform === "win32") return [];
  const folders = [home, ...["keys", "audit", "replay"].map((name) => join(home, name))];
  const files = ["keys", "audit"].flatMap((name) => filesOf(join(home, name)));
  return [...folders, ...files].flatMap((path) => {
    const status = statusOf(path);
    if (status === undefined || (status.mode & GROUP_AND_OTHERS_WRITE) === 0) return [];
    return [
      wrong("home", `others may write to ${path}, and put theirs in its place`, `chmod go-w '${path}'`),
    ];
  });
}

function filesOf(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
}
