import {
  booleanOption,
  clockOption,
  functionOption,
  invalidOption,
  optionRecord,
  pathOption,
} from "../lib/option.js";
import type { AuditEvent } from "./events.js";

/** How an audit log is opened. Every default is the safe choice. */
export interface AuditLogOptions {
  /**
   * Only reads: queries, verification, bundles. Nothing in the directory is changed, and no lock is needed. Default is `false`: then
   * the directory is made, if it is not there, and a torn line at the end is repaired.
   */
  readonly readOnly?: boolean;
  /**
   * When an appended record counts as written. `"sync"`: once the disk has it (`fdatasync`). `"os"`: once the operating
   * system has it, so that what was written last is lost when the machine loses power. Default is `"sync"`.
   */
  readonly durability?: "sync" | "os";
  /**
   * Whether records are written that are no receipts, such as summaries of refused calls and repairs. The released
   * `signet audit --verify` stops at them with an error; `signet verify --chain` reads them. Default is `true`.
   */
  readonly typedRecords?: boolean;
  /** The time, in milliseconds since the Unix epoch. It says which day's file is written. Default is the system's clock. */
  readonly clock?: () => number;
  /** Told of repairs, and of when the log stops and goes on. What it throws changes nothing. Default is none. */
  readonly onEvent?: (event: AuditEvent) => void;
}

/** The options, checked, with their defaults. */
export interface CheckedAuditOptions {
  readonly readOnly: boolean;
  readonly durable: boolean;
  readonly typedRecords: boolean;
  readonly clock: () => number;
  readonly onEvent: (event: AuditEvent) => void;
}

const KNOWN = ["readOnly", "durability", "typedRecords", "clock", "onEvent"];

/** @throws `OptionError` that names the option, what it got and what it wants. */
export function checkAuditOptions(value: unknown): CheckedAuditOptions {
  const options = optionRecord(value, "options", KNOWN);
  return {
    readOnly: booleanOption(options, "options", "readOnly", false),
    durable: readDurability(options["durability"]),
    typedRecords: booleanOption(options, "options", "typedRecords", true),
    clock: clockOption(options, "options"),
    onEvent: functionOption(options, "options", "onEvent", () => undefined),
  };
}

/** @throws `OptionError` */
export function checkDirectory(value: unknown): string {
  return pathOption(value, "dir", "the path of the log's directory");
}

function readDurability(value: unknown): boolean {
  if (value === undefined || value === "sync") return true;
  if (value === "os") return false;
  throw invalidOption("options.durability", '"sync" or "os"', value);
}
