import { parseSpan } from "../lib/span.js";
import { parseTime } from "../lib/time.js";
import { CliFault } from "./faults.js";

/** The end of the year 9999, up to which times can be written. */
const LATEST_MS = 253_402_300_799_999;

/** Reads a time: RFC 3339 in UTC, or a date. @returns milliseconds since the Unix epoch. */
function readTime(text: string, flag: string): number {
  const timeMs = asTime(text);
  if (timeMs !== undefined) return timeMs;
  throw new CliFault(`${flag} must be a time such as 2026-11-27T00:00:00Z, got ${JSON.stringify(text)}`);
}

/** Reads since when something holds: a time that is not to come. @returns milliseconds since the Unix epoch. */
export function readPast(text: string, flag: string, nowMs: number): number {
  const timeMs = readTime(text, flag);
  if (timeMs <= nowMs) return timeMs;
  throw new CliFault(`${flag} ${text} is to come: give a time that is over, or leave it out for now`);
}

/** Checks a time that is over, or how long ago: what a query takes. @returns the text as it is. */
export function readStart(text: string, flag: string): string {
  if (parseSpan(text) !== undefined || parseTime(text) !== undefined) return text;
  const date = asTime(text);
  if (date !== undefined) return `${text}T00:00:00Z`;
  throw new CliFault(
    `${flag} must be how long ago, such as 24h or 7d, or a time such as 2026-11-26T00:00:00Z, got ${JSON.stringify(text)}`,
  );
}

/** Reads when something ends: a time to come, or how long from now. @returns milliseconds since the Unix epoch. */
export function readEnd(text: string, flag: string, nowMs: number): number {
  const spanMs = parseSpan(text);
  const endMs = spanMs === undefined ? asTime(text) : nowMs + spanMs;
  if (endMs === undefined || endMs > LATEST_MS) {
    throw new CliFault(
      `${flag} must be a time such as 2026-11-27T00:00:00Z, or how long from now, such as 30d, got ${JSON.stringify(text)}`,
    );
  }
  if (endMs > nowMs) return endMs;
  throw new CliFault(`${flag} ${text} is over: give a time to come`);
}

function asTime(text: string): number | undefined {
  return parseTime(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text);
}
