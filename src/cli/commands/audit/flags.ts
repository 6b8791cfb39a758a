import type { QueryOptions } from "../../../audit/read/query.js";
import { CliFault } from "../../faults.js";
import { readStart } from "../../time-flag.js";

/** What `signet audit` takes. */
export interface AuditFlags {
  readonly since?: string;
  readonly until?: string;
  readonly tool?: string;
  readonly signer?: string;
  readonly outcome?: string;
  readonly limit?: string;
  readonly verify?: true;
  readonly trustBundle?: string;
  readonly export?: string;
  readonly decryptParams?: true;
  readonly bundle?: string;
  readonly includeTrustBundle?: string;
  readonly restore?: string;
  readonly unfinished?: true;
  readonly dir?: string;
  readonly json?: true;
}

/** The flags that choose records. Of more than `--limit` the newest are meant. */
export function queryOf({ since, until, tool, signer, outcome, limit }: AuditFlags): QueryOptions {
  return {
    since: since === undefined ? undefined : readStart(since, "--since"),
    until: until === undefined ? undefined : readStart(until, "--until"),
    tool: tool === undefined || tool.includes("*") ? tool : `*${tool}*`,
    signer,
    outcome,
    ...(limit === undefined ? {} : { limit: readLimit(limit), order: "newest" as const }),
  };
}

function readLimit(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new CliFault(`--limit must be a number from 1 on, got ${JSON.stringify(text)}`);
}
