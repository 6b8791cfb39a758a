import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { mkdir, open, readdir, rename, rm, rmdir } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

import type { Sha256Text } from "../../crypto/digest.js";
import { AuditLogError } from "../../errors.js";
import { optionRecord, pathOption, textOption } from "../../lib/option.js";
import { formatTime } from "../../lib/time.js";
import { PRODUCER } from "../../lib/version.js";
import { formatTrustRegistry } from "../../trust/format.js";
import type { TrustRegistry } from "../../trust/registry.js";
import type { RecordFile } from "../byte-source.js";
import { readFault, writeFault } from "../faults.js";
import { nodeFileSystem, syncDirectory, systemCode } from "../file-system.js";
import { readQueryOptions } from "../query-options.js";
import type { TimeInput } from "../query-options.js";
import { readLines } from "../read-lines.js";
import { readRecord } from "../read-record.js";
import { summariseRecord } from "../record-summary.js";
import { loadRegistry } from "../verify/load-registry.js";
import { registryOption } from "../verify/options.js";
import { formatSummary, MANIFEST_FILE, RECORDS_FILE, REGISTRY_FILE, SUMMARY_FILE } from "./manifest.js";
import type { BundleManifest } from "./manifest.js";

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
 * @param files - Of the log, oldest first.
 * @param target - A directory that is not there, or empty. It is there whole or not at all.
 * @throws `AuditLogError`: `bundle_exists`, `bundle_empty` when no record is in the stretch, `audit_unreadable`, `audit_full`,
 * `audit_io`; `OptionError`; `TrustRegistryError`.
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
  const part = join(dirname(dir), `.${basename(dir)}.part-${process.pid}`);
  try {
    await mkdir(part, { mode: 0o700 });
    const stretch = await copyRecords(files, join(part, RECORDS_FILE), { sinceMs, untilMs });
    const manifest: BundleManifest = {
      format_version: 1,
      producer: PRODUCER,
      generated_at: formatTime(clock()),
      host,
      ...stretch,
      has_trust_bundle: registry !== undefined,
    };
    if (registry !== undefined) await writeText(join(part, REGISTRY_FILE), formatTrustRegistry(registry));
    await writeText(join(part, SUMMARY_FILE), formatSummary(manifest));
    await writeText(join(part, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`);
    await syncDirectory(part, nodeFileSystem);
    await rmdir(dir).catch(() => undefined);
    await rename(part, dir);
    await syncDirectory(dirname(dir), nodeFileSystem);
    return manifest;
  } catch (cause) {
    await rm(part, { recursive: true, force: true });
    throw writeFault(dir, cause);
  }
}

async function requireFree(dir: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(dir);
  } catch (cause) {
    if (systemCode(cause) === "ENOENT") return;
    throw readFault(dir, cause);
  }
  const [name] = names;
  if (name === undefined) return;
  throw new AuditLogError(
    "bundle_exists",
    `${dir} holds ${name}: name a directory that is not there, or is empty`,
  );
}

type Stretch = Pick<
  BundleManifest,
  | "record_count"
  | "chain_start_prev_hash"
  | "chain_tip_record_hash"
  | "earliest_ts"
  | "latest_ts"
  | "records_sha256"
>;

async function copyRecords(
  files: readonly RecordFile[],
  path: string,
  { sinceMs, untilMs }: { readonly sinceMs: number | undefined; readonly untilMs: number | undefined },
): Promise<Stretch> {
  const out = new RecordsFile(await open(path, "ax", 0o600));
  let started = sinceMs === undefined;
  let start: Sha256Text | undefined;
  let tip: Sha256Text | undefined;
  const times: string[] = [];
  let count = 0;
  try {
    reading: for (const file of files) {
      for await (const line of readLines(file)) {
        if (line.kind !== "line") throw unreadable(file, line.number);
        if (!line.terminated || line.bytes.toString("latin1").trim() === "") continue;
        const record = readRecord(line.bytes);
        const { ts, tsMs } = typeof record === "string" ? UNTIMED : summariseRecord(record.receipt);
        started ||= tsMs !== undefined && sinceMs !== undefined && tsMs >= sinceMs;
        if (!started) continue;
        if (untilMs !== undefined && tsMs !== undefined && tsMs >= untilMs) break reading;
        await out.write(line.bytes);
        count += 1;
        if (typeof record === "string") continue;
        start ??= record.prev_hash;
        tip = record.record_hash;
        if (ts !== undefined) keepOutermost(times, ts);
      }
    }
    const records_sha256 = await out.finish();
    if (start === undefined || tip === undefined) {
      throw new AuditLogError(
        "bundle_empty",
        "no record of the log is in this stretch of time: there is nothing to bundle",
      );
    }
    return {
      record_count: count,
      chain_start_prev_hash: start,
      chain_tip_record_hash: tip,
      earliest_ts: times[0] ?? null,
      latest_ts: times[1] ?? null,
      records_sha256,
    };
  } finally {
    await out.close();
  }
}

const UNTIMED = { ts: undefined, tsMs: undefined };

/** Keeps the first and the last of the times, by their texts, as the released CLI does. */
function keepOutermost(times: string[], ts: string): void {
  if (times[0] === undefined || ts < times[0]) times[0] = ts;
  if (times[1] === undefined || ts > times[1]) times[1] = ts;
}

function unreadable({ name }: RecordFile, line: number): AuditLogError {
  const place = { file: name, line };
  return new AuditLogError(
    "audit_unreadable",
    `${name}:${line} cannot be read: verify the log to see what is wrong`,
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
