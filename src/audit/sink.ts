import type { JsonRecord } from "../lib/json.js";

/** What takes in records, durably: an audit log, as far as whoever writes to it has to know it. */
export interface AuditSink {
  /**
   * Appends a receipt, or a record with a `type` that must not be left out. Calls need not wait for each other: what is given while
   * the disk is at work is made durable together. Records are kept in the order in which they were given.
   *
   * @param text - Canonical JSON of the record, as UTF-8. It must not be written to afterwards.
   * @returns once the record is on disk. Rejects with `AuditLogError` when it may not be.
   */
  appendText(text: Uint8Array): Promise<unknown>;
  /**
   * Appends a record that is no receipt.
   *
   * @returns once the record is on disk, or at once where such records are turned off. Rejects as `appendText` does.
   */
  appendTyped(record: JsonRecord & { readonly type: string; readonly ts: string }): Promise<unknown>;
  /** Ends the log, once what was given to it is on disk or refused. */
  close(): Promise<void>;
}
