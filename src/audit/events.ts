import type { AuditLogError } from "../errors.js";
import type { LogRepair } from "./write/repair.js";

/** What an audit log tells its listener. Told apart by `type`. */
export type AuditEvent =
  /** A line that was torn when its writer died was set aside and cut. */
  | { readonly type: "repaired"; readonly repair: LogRepair }
  /** Nothing can be appended. `lasting`: until the log is opened again; else until the cause is gone. */
  | { readonly type: "stopped"; readonly error: AuditLogError; readonly lasting: boolean }
  /** Appending works again. */
  | { readonly type: "resumed" };
