import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { mkdtemp, open, readdir, rename, rm, rmdir } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

import { AuditLogError } from "../../errors.js";
import { optionRecord, pathOption, textOption } from "../../lib/option.js";
import { quoted } from "../../lib/text.js";
import { formatTime } from "../../lib/time.js";
import { PRODUCER } from "../../lib/version.js";
import { formatTrustRegistry } from "../../trust/format.js";
import type { TrustRegistry } from "../../trust/registry.js";
import type { RecordFile } from "../read/byte-source.js";
import { openFault, readFault, writeFault } from "../faults.js";
import { nodeFileSystem, syncDirectory, systemCode } from "../file-system.js";
import { readQueryOptions } from "../read/query-options.js";
import type { TimeInput } from "../read/query-options.js";
import { readLines } from "../read/read-lines.js";
import { loadRegistry } from "../verify/load-registry.js";
import { registryOption } from "../verify/options.js";
import { formatSummary, MANIFEST_FILE, RECORDS_FILE, REGISTRY_FILE, SUMMARY_FILE } from "./manifest.js";
import type { BundleManifest } from "./manifest.js";
import { lookAtLine, StretchTally } from "./stretch.js";
import type { Stretch } from "./stretch.js";

/** What goes into an evidence bundle. */
export interface BundleOptions {
  /** The registry that says whose keys these were: with it an auditor needs nothing else. A registry file's path, or one that was read. */
  readonly registry?: TrustRegistry | string | undefined;
  /** The bundle begins at the first record of this time or later. Default: at the log's beginning. */
  readonly since?: TimeInput | undefined;
  /** The bundle ends before the first record, of those that follow, of this time or later. Default: at the log's end. */
  readonly until?: TimeInput | undefined;
  /** What the manifest says where it was made. Default `"unknown"`. */
  readonly host?: string | undefined;
}

const KNOWN = ["registry", "since", "until", "host"];
const NEWLINE = Buffer.from("\n");
const WRITE_BYTES = 1_048_576;

/**
 * Writes an evidence bundle: a stretch of the log, byte for byte, with a manifest, a summary for people and the registry. The
 * released CLI reads it as well (`signet audit --restore DIR`).
 *
 * Verifies nothing: lines that are no records go with the others, as evidence, and `restoreBundle` reports them. A last line of
 * the newest file that has no end is left out: it is being written. Blank lines are left out. A process that is killed meanwhile
 * leaves a hidden directory `.NAME.part-…` beside the target.
 *
 * @param files - Of the log, oldest first.
 * @param target - A directory that is not there, or empty; the one above it is there. It is written whole or not at all.
 * @throws `AuditLogError`: `bundle_exists`, `bundle_empty` when no record is in the stretch, `audit_unreadable` for a file, or the rest
 * of one, that cannot be read or a line that is too long, `audit_not_writable`, `audit_full`, `audit_io`; `OptionError`; `TrustRegistryError`.
 */
export async function writeBundle(
  files: readonly RecordFile[],
  target: string,
  options: BundleOptions,
  clock: () => number,
): Promise<BundleManifest> {
  const record = optionRecord(options, "options", KNOWN);
  const dir = resolve(pathOption(target, "dir", "the path of a directory that is not there yet"));
  const { sinceMs, untilMs } = readQueryOptions({ since: options.since, until: options.until, clock });
  const host =
    record["host"] === undefined
      ? "unknown"
      : textOption(record["host"], "options.host", "a name of this machine");
  const registry = await loadRegistry(registryOption(record, "options"));
  await requireFree(dir);
  const part = await makePart(dir);
  try {
    const stretch = await copyRecords(files, join(part, RECORDS_FILE), { sinceMs, untilMs });
    const manifest: BundleManifest = {
      format_version: 1,
      producer: PRODUCER,
      generated_at: formatTime(clock()),
      host,
      record_count: stretch.record_count,
      chain_start_prev_hash: stretch.chain_start_prev_hash,
      chain_tip_record_hash: stretch.chain_tip_record_hash,
      earliest_ts: stretch.earliest_ts,
      latest_ts: stretch.latest_ts,
      records_sha256: stretch.records_sha256,
      has_trust_bundle: registry !== undefined,
    };
    if (registry !== undefined) await writeText(join(part, REGISTRY_FILE), formatTrustRegistry(registry));
    await writeText(join(part, SUMMARY_FILE), formatSummary(manifest));
    await writeText(join(part, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
    await syncDirectory(part, nodeFileSystem);
    await moveTo(dir, part);
    await syncDirectory(dirname(dir), nodeFileSystem);
    return manifest;
  } catch (cause) {
    await rm(part, { recursive: true, force: true }).catch(() => undefined);
    throw writeFault(dir, cause);
  }
}

/** Tells before anything is read that the target is in use. */
async function requireFree(dir: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(dir);
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return;
    if (systemCode(cause) === "ENOTDIR") throw inUse(dir, "is no directory", cause);
    throw readFault(dir, cause);
  }
  const [name] = names;
  if (name !== undefined) throw inUse(dir, `holds ${quoted(name)}`);
}

/** Makes the directory in which the bundle is put together: beside the target, so that it can be moved there at once. */
async function makePart(dir: string): Promise<string> {
  try {
    return await mkdtemp(join(dirname(dir), `.${basename(dir)}.part-`));
  } catch (cause) {
    if (systemCode(cause) !== "ENOENT") throw openFault(dirname(dir), cause);
    throw new AuditLogError(
      "audit_not_writable",
      `there is no directory ${dirname(dir)} for the bundle: make it first`,
      { cause },
    );
  }
}

async function moveTo(dir: string, part: string): Promise<void> {
  // Of what is there only an empty directory can be removed.
  await rmdir(dir).catch(() => undefined);
  try {
    await rename(part, dir);
  } catch (cause) {
    if (!IN_THE_WAY.includes(systemCode(cause))) throw cause;
    throw inUse(dir, "has come into use meanwhile", cause);
  }
}

const IN_THE_WAY: readonly (string | undefined)[] = ["ENOTEMPTY", "EEXIST", "ENOTDIR"];

function inUse(dir: string, how: string, cause?: unknown): AuditLogError {
  return new AuditLogError(
    "bundle_exists",
    `${dir} ${how}: name a directory that is not there, or is empty`,
    { cause },
  );
}

async function copyRecords(
  files: readonly RecordFile[],
  path: string,
  { sinceMs, untilMs }: { readonly sinceMs: number | undefined; readonly untilMs: number | undefined },
): Promise<Stretch & Pick<BundleManifest, "records_sha256">> {
  const out = new RecordsFile(await open(path, "ax", 0o600));
  const tally = new StretchTally();
  let started = sinceMs === undefined;
  try {
    reading: for (const file of files) {
      for await (const line of readLines(file)) {
        if (line.kind !== "line") throw unreadable(file, line.number);
        if (!line.terminated && file === files.at(-1)) break;
        const seen = lookAtLine(line.bytes);
        if (seen === undefined) continue;
        const { tsMs } = seen;
        started ||= tsMs !== undefined && sinceMs !== undefined && tsMs >= sinceMs;
        if (!started) continue;
        if (untilMs !== undefined && tsMs !== undefined && tsMs >= untilMs) break reading;
        await out.write(line.bytes);
        tally.add(seen);
      }
    }
    const records_sha256 = await out.finish();
    const stretch = tally.finish();
    if (stretch !== undefined) return { ...stretch, records_sha256 };
  } finally {
    await out.close();
  }
  throw new AuditLogError(
    "bundle_empty",
    "no record of the log is in this stretch of time: there is nothing to bundle",
  );
}

function unreadable({ name }: RecordFile, line: number): AuditLogError {
  const place = { file: name, line };
  return new AuditLogError(
    "audit_unreadable",
    `line ${line} of ${quoted(name)} cannot be read: verify the log to see what is wrong`,
    { place },
  );
}

/** Gathers what is written, and hashes it. */
class RecordsFile {
  readonly #file: FileHandle;
  readonly #hash: Hash = createHash("sha256");
  #held: Uint8Array[] = [];
  #heldBytes = 0;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async write(line: Uint8Array): Promise<void> {
    // What was read is a view of what is read over soon.
    this.#held.push(Buffer.from(line), NEWLINE);
    this.#heldBytes += line.length + 1;
    if (this.#heldBytes >= WRITE_BYTES) await this.#flush();
  }

  /** @returns SHA-256 of all that was written, in hex, once it is durable. */
  async finish(): Promise<string> {
    await this.#flush();
    await this.#file.sync();
    return this.#hash.digest("hex");
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    this.#hash.update(bytes);
    await this.#file.writeFile(bytes);
  }
}

async function writeText(path: string, text: string): Promise<void> {
  const file = await open(path, "ax", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}
