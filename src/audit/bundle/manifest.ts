import { isSha256Text } from "../../crypto/digest.js";
import type { Sha256Text } from "../../crypto/digest.js";
import { AuditLogError } from "../../errors.js";
import { isPlainObject, ownValue } from "../../lib/json.js";
import type { JsonRecord } from "../../lib/json.js";

/** Names of a bundle's files. */
export const RECORDS_FILE = "records.jsonl";
export const MANIFEST_FILE = "manifest.json";
export const SUMMARY_FILE = "hash-summary.txt";
export const REGISTRY_FILE = "trust-bundle.json";

/** What a bundle says of itself. Nobody signed it: the chain and the signatures in the records are what proves. */
export interface BundleManifest {
  readonly format_version: 1;
  readonly producer: string;
  readonly generated_at: string;
  readonly host: string;
  readonly record_count: number;
  readonly chain_start_prev_hash: Sha256Text;
  readonly chain_tip_record_hash: Sha256Text;
  readonly earliest_ts: string | null;
  readonly latest_ts: string | null;
  /** SHA-256 of the bytes of `records.jsonl`, in hex. */
  readonly records_sha256: string;
  readonly has_trust_bundle: boolean;
}

const HEX = /^[0-9a-f]{64}$/;

/**
 * Reads a manifest. Members that are not known are passed over, as other readers do.
 *
 * @throws `AuditLogError` `bundle_invalid` that names the member.
 */
export function parseManifest(text: string, path: string): BundleManifest {
  const members = parseObject(text, path);
  const version = ownValue(members, "format_version");
  if (version !== 1)
    throw invalid(path, `format_version is ${JSON.stringify(version)}; this version reads 1`);
  return {
    format_version: 1,
    producer: textOf(members, "producer", path),
    generated_at: textOf(members, "generated_at", path),
    host: textOf(members, "host", path),
    record_count: countOf(members, "record_count", path),
    chain_start_prev_hash: hashOf(members, "chain_start_prev_hash", path),
    chain_tip_record_hash: hashOf(members, "chain_tip_record_hash", path),
    earliest_ts: textOrNull(members, "earliest_ts", path),
    latest_ts: textOrNull(members, "latest_ts", path),
    records_sha256: hexOf(members, "records_sha256", path),
    has_trust_bundle: flagOf(members, "has_trust_bundle", path),
  };
}

/** The summary for people, in the form that the released CLI writes. */
export function formatSummary(manifest: BundleManifest): string {
  return (
    "signet-evidence-bundle-summary\n" +
    `records: ${manifest.record_count}\n` +
    `records.jsonl sha256: ${manifest.records_sha256}\n` +
    `chain start prev_hash: ${manifest.chain_start_prev_hash}\n` +
    `chain tip record_hash: ${manifest.chain_tip_record_hash}\n` +
    `earliest timestamp: ${manifest.earliest_ts ?? "-"}\n` +
    `latest timestamp: ${manifest.latest_ts ?? "-"}\n`
  );
}

function parseObject(text: string, path: string): JsonRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AuditLogError("bundle_invalid", `${path} is not JSON`, { cause });
  }
  if (!isPlainObject(value)) throw invalid(path, "is no JSON object");
  return value;
}

function textOf(members: JsonRecord, name: string, path: string): string {
  const value = ownValue(members, name);
  if (typeof value !== "string") throw invalid(path, `${name} is no text`);
  return value;
}

function textOrNull(members: JsonRecord, name: string, path: string): string | null {
  const value = ownValue(members, name);
  return value === null || value === undefined ? null : textOf(members, name, path);
}

function countOf(members: JsonRecord, name: string, path: string): number {
  const value = ownValue(members, name);
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0)
    throw invalid(path, `${name} is no count`);
  return value;
}

function hashOf(members: JsonRecord, name: string, path: string): Sha256Text {
  const value = ownValue(members, name);
  if (!isSha256Text(value)) throw invalid(path, `${name} is no sha256 hash`);
  return value;
}

function hexOf(members: JsonRecord, name: string, path: string): string {
  const value = textOf(members, name, path);
  if (!HEX.test(value)) throw invalid(path, `${name} is no sha256 hash in hex`);
  return value;
}

function flagOf(members: JsonRecord, name: string, path: string): boolean {
  const value = ownValue(members, name);
  if (typeof value !== "boolean") throw invalid(path, `${name} is neither true nor false`);
  return value;
}

function invalid(path: string, fault: string): AuditLogError {
  return new AuditLogError("bundle_invalid", `${path}: ${fault}`);
}
