import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import type { Stats } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";

import { AuditLogError } from "../../errors.js";
import { optionRecord, pathOption } from "../../lib/option.js";
import type { RecordFile } from "../read/byte-source.js";
import { readFault } from "../faults.js";
import { systemCode } from "../file-system.js";
import { readLines } from "../read/read-lines.js";
import type { VerifyAuditOptions } from "../verify/options.js";
import type { AuditReport } from "../verify/report.js";
import { verifyFiles } from "../verify/verify-files.js";
import {
  formatSummary,
  MANIFEST_FILE,
  parseManifest,
  RECORDS_FILE,
  REGISTRY_FILE,
  SUMMARY_FILE,
} from "./manifest.js";
import type { BundleManifest } from "./manifest.js";
import { lookAtLine, StretchTally } from "./stretch.js";
import type { Stretch } from "./stretch.js";

/** How a bundle differs from what its manifest says of it. */
export interface BundleFault {
  /** Member of the manifest, or name of the file. */
  readonly what: string;
  readonly expected: string;
  readonly found: string;
}

/** What became of a bundle's verification. */
export interface BundleReport {
  /** Whether the bundle is as its manifest says, and nothing was found in the records. */
  readonly ok: boolean;
  /** As it is in the bundle. Nothing backs its `producer`, `generated_at` and `host`. */
  readonly manifest: BundleManifest;
  readonly faults: readonly BundleFault[];
  readonly records: AuditReport;
  /**
   * Whose word it is that the keys are whose they say: yours, if you gave a registry; of whoever made the bundle; or nobody's, and then
   * signatures show only that nothing was changed by whoever has other keys.
   */
  readonly registry: "given" | "bundle" | "none";
}

/** How a bundle is verified. The manifest says which hash its chain begins with. */
export type RestoreBundleOptions = Omit<VerifyAuditOptions, "start">;

const KNOWN: readonly (keyof RestoreBundleOptions)[] = [
  "registry",
  "paramsKeys",
  "threads",
  "onProgress",
  "onFinding",
  "signal",
];

/** Bytes of a manifest or a summary, which have a few hundred, at the most. */
const MAX_TEXT_BYTES = 1_048_576;

/**
 * Verifies an evidence bundle, of this package or of the released CLI: that its files are those of its manifest, that the chain
 * holds from the manifest's first hash to its last, and every signature, against the registry in the bundle unless another
 * is given.
 *
 * A registry that comes with the evidence says what whoever made the bundle says. Give one of your own where you have one.
 *
 * Does not tell that a bundle is complete: that records were left out at its end does not show. Compare
 * `manifest.chain_tip_record_hash` with what was noted elsewhere. Other files in the directory are not looked at.
 *
 * @param dir - The bundle's directory. Nothing in it is changed.
 * @returns the report. What the bundle's maker, or whoever had it since, can have changed is a fault or a finding in it.
 * @throws as a rejection, `AuditLogError`: `bundle_invalid` when it is no bundle, or a file or a member of the manifest is missing
 * or not of its form, `audit_unreadable`; `OptionError`; `TrustRegistryError` for a registry that does not hold, the bundle's or the given
 * one; the reason of `signal`.
 *
 * @example
 * ```ts
 * import { restoreBundle } from "signet-mcp/audit";
 *
 * const { ok, faults, records } = await restoreBundle("evidence", { registry: "registry.yaml" });
 * console.log(ok, records.verified, records.unverifiable.total, faults, records.findings);
 * ```
 */
export async function restoreBundle(dir: string, options: RestoreBundleOptions = {}): Promise<BundleReport> {
  optionRecord(options, "options", KNOWN);
  const path = resolve(pathOption(dir, "dir", "the path of a bundle's directory"));
  const manifest = parseManifest(await readText(path, MANIFEST_FILE), join(path, MANIFEST_FILE));
  const summary = await readText(path, SUMMARY_FILE);
  const file: RecordFile = {
    path: await requireFile(path, RECORDS_FILE),
    name: RECORDS_FILE,
    compressed: false,
  };
  const hasRegistry = (await statOf(path, REGISTRY_FILE)) !== undefined;
  const bundled = manifest.has_trust_bundle && hasRegistry ? join(path, REGISTRY_FILE) : undefined;
  const records = await verifyFiles([file], {
    ...options,
    registry: options.registry ?? bundled,
    start: manifest.chain_start_prev_hash,
  });
  const faults = [
    ...findFaults(manifest, await describeRecords(file, options.signal)),
    ...differing("has_trust_bundle", String(manifest.has_trust_bundle), String(hasRegistry)),
    ...differing(SUMMARY_FILE, formatSummary(manifest), summary),
  ];
  const registry = options.registry === undefined ? (bundled === undefined ? "none" : "bundle") : "given";
  return { ok: faults.length === 0 && records.ok, manifest, faults, records, registry };
}

type Described = Partial<Stretch> & Pick<BundleManifest, "records_sha256">;

const DESCRIBED: readonly (keyof Described)[] = [
  "records_sha256",
  "record_count",
  "chain_start_prev_hash",
  "chain_tip_record_hash",
  "earliest_ts",
  "latest_ts",
];

function findFaults(manifest: BundleManifest, described: Described): BundleFault[] {
  return DESCRIBED.flatMap((what) => differing(what, shown(manifest[what]), shown(described[what])));
}

function differing(what: string, expected: string, found: string): BundleFault[] {
  return expected === found ? [] : [{ what, expected, found }];
}

function shown(value: string | number | null | undefined): string {
  return value === undefined ? "no record" : String(value);
}

async function describeRecords(file: RecordFile, signal: AbortSignal | undefined): Promise<Described> {
  const tally = new StretchTally();
  for await (const line of readLines(file)) {
    signal?.throwIfAborted();
    if (line.kind !== "line") {
      tally.addUnread();
      continue;
    }
    const seen = lookAtLine(line.bytes);
    if (seen !== undefined) tally.add(seen);
  }
  return { ...tally.finish(), records_sha256: await digestOf(file.path, signal) };
}

async function digestOf(path: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(path), hash, { signal });
  } catch (cause) {
    signal?.throwIfAborted();
    throw readFault(path, cause);
  }
  return hash.digest("hex");
}

async function readText(dir: string, name: string): Promise<string> {
  const path = await requireFile(dir, name, MAX_TEXT_BYTES);
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw readFault(path, cause);
  }
}

/** @returns its path. */
async function requireFile(dir: string, name: string, maxBytes = Number.MAX_SAFE_INTEGER): Promise<string> {
  const path = join(dir, name);
  const found = await statOf(dir, name);
  if (found === undefined) {
    throw new AuditLogError(
      "bundle_invalid",
      `there is no ${path}: a bundle is a directory with ${MANIFEST_FILE}, ${RECORDS_FILE} and ${SUMMARY_FILE}`,
    );
  }
  if (!found.isFile()) throw new AuditLogError("bundle_invalid", `${path} is not a regular file`);
  if (found.size > maxBytes)
    throw new AuditLogError("bundle_invalid", `${path} has more than ${maxBytes} bytes`);
  return path;
}

/** @returns `undefined` when there is nothing of that name. */
async function statOf(dir: string, name: string): Promise<Stats | undefined> {
  const path = join(dir, name);
  try {
    return await stat(path);
  } catch (cause) {
    const code = systemCode(cause);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw readFault(path, cause);
  }
}
