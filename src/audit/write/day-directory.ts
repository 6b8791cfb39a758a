import { AuditLogError } from "../../errors.js";
import { quoted } from "../../lib/text.js";
import { openFault } from "../faults.js";
import type { FileSystem } from "../file-system.js";
import { listDayFiles } from "../read/day-files.js";
import type { DayFile } from "../read/day-files.js";

/**
 * A directory whose time of change is older than this is taken as it was listed: a change in the same tick of the file
 * system's clock, which on some is two seconds, would not show.
 */
const SETTLED_MS = 2500;

/** The days of a log, as its directory has them. Listed again when something was added to it, or taken away. */
export class DayDirectory {
  readonly #dir: string;
  readonly #files: FileSystem;
  #listed:
    { readonly mtimeMs: number; readonly atMs: number; readonly newest: string | undefined } | undefined;

  constructor(dir: string, files: FileSystem) {
    this.#dir = dir;
    this.#files = files;
  }

  /** Name of the newest file; `undefined` when there is none. @throws `AuditLogError` as `list` does. */
  async newestName(): Promise<string | undefined> {
    const mtimeMs = this.#files.stateOf(this.#dir)?.mtimeMs;
    const listed = this.#listed;
    if (listed !== undefined && listed.mtimeMs === mtimeMs && mtimeMs + SETTLED_MS < listed.atMs) {
      return listed.newest;
    }
    return (await this.list()).at(-1)?.name;
  }

  /**
   * Lists the log's files, oldest first.
   *
   * @throws `AuditLogError`: `audit_corrupt` for a file that readers would take for a day's.
   */
  async list(): Promise<readonly DayFile[]> {
    const atMs = Date.now();
    const mtimeMs = this.#files.stateOf(this.#dir)?.mtimeMs ?? Number.NaN;
    const names = await this.#files.list(this.#dir).catch((cause: unknown) => {
      throw openFault(this.#dir, cause);
    });
    const { days, strangers } = listDayFiles(names);
    const [stranger] = strangers;
    if (stranger !== undefined) {
      throw new AuditLogError(
        "audit_corrupt",
        `${quoted(stranger)} in ${this.#dir} is no day's file, but readers would take it for one: move it out of the log`,
      );
    }
    this.#listed = { mtimeMs, atMs, newest: days.at(-1)?.name };
    return days;
  }
}
