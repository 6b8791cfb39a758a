import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";

import { AuditLogError } from "../../errors.js";
import { pathOption } from "../../lib/option.js";
import { readFault } from "../faults.js";
import { systemCode } from "../file-system.js";
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
  readonly manifest: BundleManifest;
  readonly faults: readonly BundleFault[];
  readonly records: AuditReport;
}

export type RestoreBundleOptions = Omit<VerifyAuditOptions, "start">;

/**
 * Verifies an evidence bundle, of this package or of the released CLI: that its files are those of its manifest, that the chain
 * holds from the manifest's first hash to its last, and every signature, against the registry in the bundle unless another
 * is given.
 *
 * A registry that comes with the evidence says what whoever made the bundle says. Give one of your own where you have one.
 *
 * @param dir - The bundle's directory. Nothing in it is changed.
 * @throws `AuditLogError`: `bundle_invalid` when it is no bundle, `audit_unreadable`; `OptionError`; `TrustRegistryError`.
 */
export async function restoreBundle(dir: string, options: RestoreBundleOptions = {}): Promise<BundleReport> {
  const path = resolve(pathOption(dir, "dir", "the path of a bundle's directory"));
  const manifest = parseManifest(await readText(path, MANIFEST_FILE), join(path, MANIFEST_FILE));
  const recordsPath = join(path, RECORDS_FILE);
  const records = await verifyFiles([{ path: recordsPath, name: RECORDS_FILE, compressed: false }], {
    ...options,
    registry: options.registry ?? (manifest.has_trust_bundle ? join(path, REGISTRY_FILE) : undefined),
    start: manifest.chain_start_prev_hash,
  });
  const found: Readonly<Record<string, readonly [expected: string, found: string]>> = {
    records_sha256: [manifest.records_sha256, await digestOf(recordsPath)],
    record_count: [String(manifest.record_count), String(records.records)],
    chain_tip_record_hash: [manifest.chain_tip_record_hash, records.tip ?? "no record"],
    [SUMMARY_FILE]: [formatSummary(manifest), await readText(path, SUMMARY_FILE)],
  };
  const faults = Object.entries(found)
    .filter(([, [expected, is]]) => expected !== is)
    .map(([what, [expected, is]]) => ({ what, expected, found: is }));
  return { ok: faults.length === 0 && records.ok, manifest, faults, records };
}

async function readText(dir: string, name: string): Promise<string> {
  const path = join(dir, name);
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if (systemCode(cause) !== "ENOENT") throw readFault(path, cause);
    throw new AuditLogError(
      "bundle_invalid",
      `there is no ${path}: a bundle is a directory with ${MANIFEST_FILE}`,
      { cause },
    );
  }
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(path), hash);
  } catch (cause) {
    throw readFault(path, cause);
  }
  return hash.digest("hex");
}
