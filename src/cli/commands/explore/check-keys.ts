import type { AuditEntry } from "../../../audit/read/query.js";
import type { LineCheck } from "../../../audit/verify/check-line.js";
import { TRUST_CODES } from "../../../audit/verify/trust-codes.js";
import { isPlainObject, ownValue } from "../../../lib/json.js";
import type { TrustRegistry } from "../../../trust/registry.js";
import type { Check } from "./check.js";

/** Says whose keys signed a record, and whether the registry vouches for them as of then. */
export function checkKeys(
  entry: AuditEntry,
  { state, findings }: LineCheck,
  registry: TrustRegistry | undefined,
): Check[] {
  if (state === "unsigned") return [];
  const what = "keys";
  const keys = keysOf(entry);
  const said = keys.map(({ who, key }) => `${who} ${key}`).join(", ");
  if (registry === undefined) {
    const detail = `nobody vouches for the keys (${said}): give the registry by --trust-bundle FILE`;
    return [{ what, result: "open", detail }];
  }
  const faults = findings.filter(({ code }) => TRUST_CODES.includes(code));
  if (faults.length > 0)
    return faults.map(({ code, detail }) => ({ what, result: "fails", detail: `${code}: ${detail}` }));
  const { bundleId } = registry.header;
  const { outcome, code } = entry.summary;
  // That it refused the call for this is what the record is about, and no fault of it.
  if (outcome === "rejected" && TRUST_CODES.some((one) => one === code))
    return [{ what, result: "open", detail: `the server refused the call: ${code}` }];
  return [
    { what, result: "holds", detail: `${bundleId} vouches for them as of then: ${said}` },
    ...keys.flatMap(({ who, key }) => barredSince(who, key, registry)),
  ];
}

/** Who has a revoked key can date a receipt as it likes. */
function barredSince(who: string, key: string, registry: TrustRegistry): Check[] {
  const status = registry.findBarred(key)?.status;
  if (status === undefined) return [];
  const detail = `the key of ${who} is ${status} by now: whoever has it can date a receipt as they like`;
  return [{ what: "keys", result: "open", detail }];
}

interface NamedKey {
  readonly who: string;
  readonly key: string;
}

function keysOf({ record, summary }: AuditEntry): readonly NamedKey[] {
  const agent = { who: `agent ${summary.signer}`, key: summary.signerKey ?? "" };
  const server = ownValue(record.receipt, "server");
  const key = isPlainObject(server) ? ownValue(server, "pubkey") : undefined;
  return typeof key === "string" ? [agent, { who: `server ${summary.server}`, key }] : [agent];
}
