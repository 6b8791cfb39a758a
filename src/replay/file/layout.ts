import type { Counter } from "../counters/counter.js";
import type { Group } from "../counters/window.js";

/**
 * How the records of the file store are written. Keys begin with their kind; all values but those of `meta` begin with the time
 * from which on they are not needed any more, as 6 bytes, so that one walk over all kinds can clean up.
 */
export const KIND = { meta: 1, counter: 2, tally: 3, nonce: 4 } as const;

/** The latest time that fits into 6 bytes: 8,900 years off, which stands for never. */
const LAST_TIME_MS = 2 ** 48 - 1;

/** Bytes of a time. */
export const TIME_BYTES = 6;
const GROUP_BYTES = 2 * TIME_BYTES + 4;

/** What is kept of a nonce. */
export interface NonceRecord {
  readonly expiresAtMs: number;
  readonly issuedAtMs: number;
}

/** Puts the kind before what is unique within it. */
export function recordKey(kind: number, id: Uint8Array): Buffer {
  const key = Buffer.allocUnsafe(1 + id.length);
  key[0] = kind;
  key.set(id, 1);
  return key;
}

/** From when on a record of any kind but `meta` is not needed any more. */
export function expiryOf(value: Buffer): number {
  return readTime(value, 0);
}

export function encodeNonce({ expiresAtMs, issuedAtMs }: NonceRecord): Buffer {
  const value = Buffer.allocUnsafe(2 * TIME_BYTES);
  writeTime(value, 0, expiresAtMs);
  writeTime(value, TIME_BYTES, issuedAtMs);
  return value;
}

export function issueOf(value: Buffer): number {
  return readTime(value, TIME_BYTES);
}

export function encodeCounter({ groups, expiresAtMs }: Counter): Buffer {
  const value = Buffer.allocUnsafe(TIME_BYTES + groups.length * GROUP_BYTES);
  writeTime(value, 0, expiresAtMs);
  let at = TIME_BYTES;
  for (const [firstMs, latestMs, count] of groups) {
    writeTime(value, at, firstMs);
    writeTime(value, at + TIME_BYTES, latestMs);
    value.writeUInt32BE(Math.min(count, 0xffff_ffff), at + 2 * TIME_BYTES);
    at += GROUP_BYTES;
  }
  return value;
}

export function decodeCounter(value: Buffer): Counter {
  const groups: Group[] = [];
  for (let at = TIME_BYTES; at < value.length; at += GROUP_BYTES) {
    const firstMs = readTime(value, at);
    const latestMs = readTime(value, at + TIME_BYTES);
    groups.push([firstMs, latestMs, value.readUInt32BE(at + 2 * TIME_BYTES)]);
  }
  return { groups, expiresAtMs: expiryOf(value) };
}

export function readTime(from: Buffer, at: number): number {
  return from.readUIntBE(at, TIME_BYTES);
}

export function writeTime(into: Buffer, at: number, timeMs: number): void {
  into.writeUIntBE(Math.min(Math.max(0, Math.floor(timeMs)), LAST_TIME_MS), at, TIME_BYTES);
}
