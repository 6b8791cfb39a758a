import { clockOption, functionOption, integerOption, invalidOption, optionRecord } from "../../lib/option.js";
import type { OptionRecord } from "../../lib/option.js";
import { parseSpan } from "../../lib/span.js";
import { parseTime } from "../../lib/time.js";
import type { AuditPlace } from "../../errors.js";
import type { ReadFaultCode } from "./byte-source.js";
import type { RecordFault } from "./read-record.js";

/** A time: a `Date`, milliseconds since the Unix epoch, RFC 3339 in UTC, or how long ago, such as `"24h"`. */
export type TimeInput = Date | number | string;

/** Why a line, or the rest of a file, could not be looked at. */
export type UnreadableCode = RecordFault | ReadFaultCode | "line_too_long" | "torn_line";

/** Which records, and how many. What is left out does not restrict. */
export interface QueryOptions {
  /** Records of this time or later. Those that tell no time are left out. Units of how long ago: `s`, `m`, `h`, `d`, `w`. */
  readonly since?: TimeInput | undefined;
  /** Records from before this time. Those that tell no time are left out. */
  readonly until?: TimeInput | undefined;
  /** Name of the tool; `*` stands for any run of characters. */
  readonly tool?: string | undefined;
  /** Name of the agent, or its key as `ed25519:…`. */
  readonly signer?: string | undefined;
  /** Status of the outcome: `executed`, `failed`, `rejected`, … */
  readonly outcome?: string | undefined;
  /** Why a call was refused, or what went wrong. */
  readonly code?: string | undefined;
  /** Records at most, from 1. Default: all. */
  readonly limit?: number | undefined;
  /** Which come first. Default `oldest`. */
  readonly order?: "oldest" | "newest" | undefined;
  /** Told of each line that is no record, and of each file that cannot be read (on). Default: they are passed over. */
  readonly onUnreadable?: ((place: AuditPlace, code: UnreadableCode) => void) | undefined;
  /** Time source for how long ago, milliseconds since the Unix epoch. Default the system's clock. */
  readonly clock?: (() => number) | undefined;
}

/** Options that were checked. */
export interface Query {
  readonly sinceMs: number | undefined;
  readonly untilMs: number | undefined;
  readonly tool: string | undefined;
  readonly signer: string | undefined;
  readonly outcome: string | undefined;
  readonly code: string | undefined;
  readonly limit: number;
  readonly newestFirst: boolean;
  readonly onUnreadable: (place: AuditPlace, code: UnreadableCode) => void;
}

const NAMES: readonly (keyof QueryOptions)[] = [
  "since",
  "until",
  "tool",
  "signer",
  "outcome",
  "code",
  "limit",
  "order",
  "onUnreadable",
  "clock",
];

/** @throws `OptionError` for an option of the wrong type or range, or one that there is not. */
export function readQueryOptions(value: QueryOptions, path: string = "options"): Query {
  const options = optionRecord(value, path, NAMES);
  const clock = clockOption(options, path);
  const order = options["order"] ?? "oldest";
  if (order !== "oldest" && order !== "newest") {
    throw invalidOption(`${path}.order`, '"oldest" or "newest"', order);
  }
  return {
    sinceMs: timeOption(options, path, "since", clock),
    untilMs: timeOption(options, path, "until", clock),
    tool: wordOption(options, path, "tool"),
    signer: wordOption(options, path, "signer"),
    outcome: wordOption(options, path, "outcome"),
    code: wordOption(options, path, "code"),
    limit: integerOption(options, path, "limit", {
      min: 1,
      max: Number.MAX_SAFE_INTEGER,
      fallback: Number.MAX_SAFE_INTEGER,
    }),
    newestFirst: order === "newest",
    onUnreadable: functionOption<Query["onUnreadable"]>(options, path, "onUnreadable", () => undefined),
  };
}

const TIME = 'a Date, milliseconds since the Unix epoch, a time such as "2026-11-26T00:00:00Z", or "24h"';

function timeOption(
  options: OptionRecord,
  path: string,
  name: string,
  clock: () => number,
): number | undefined {
  const value = options[name];
  if (value === undefined) return undefined;
  const timeMs = value instanceof Date ? value.getTime() : value;
  if (typeof timeMs === "number" && Number.isFinite(timeMs)) return timeMs;
  if (typeof timeMs === "string") {
    const agoMs = parseSpan(timeMs);
    if (agoMs !== undefined) return clock() - agoMs;
    const read = parseTime(timeMs);
    if (read !== undefined) return read;
  }
  throw invalidOption(`${path}.${name}`, TIME, value);
}

function wordOption(options: OptionRecord, path: string, name: string): string | undefined {
  const value = options[name];
  if (value === undefined || typeof value === "string") return value;
  throw invalidOption(`${path}.${name}`, "a text", value);
}
