import type { Finding } from "./findings.js";

/** A finding about one record, before it is known where that is. */
export type RecordFinding = Omit<Finding, "place">;
