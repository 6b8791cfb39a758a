import { availableParallelism } from "node:os";

import { isSha256Text } from "../../crypto/digest.js";
import type { Sha256Text } from "../../crypto/digest.js";
import { functionOption, integerOption, invalidOption, optionRecord, pathOption } from "../../lib/option.js";
import type { OptionRecord } from "../../lib/option.js";
import { TrustRegistry } from "../../trust/registry.js";
import { GENESIS_HASH } from "../record/types.js";
import type { Finding } from "./findings.js";

/** How far a verification is. */
export interface VerifyProgress {
  /** Of the files as they lie on disk. */
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly records: number;
}

export interface VerifyAuditOptions {
  /**
   * Whose keys are trusted, and for what: a registry, or the path of its file. Each signature is checked against it as it
   * stood at the time of the receipt. A key counts from 30 s before its `created_at` on, since the clock of whoever signed may be
   * behind; expiry and revocation count to the millisecond. Default: nobody vouches for the keys, and the report says so.
   */
  readonly registry?: TrustRegistry | string | undefined;
  /**
   * The hash that the first record follows, in a log of which the oldest days were archived: the one that the last of them
   * ended with. Default: that of a log that is whole.
   */
  readonly start?: Sha256Text | undefined;
  /** Keys to decrypt params with, of 32 bytes, by the text of the signer's public key. Default none. */
  readonly paramsKeys?: ReadonlyMap<string, Uint8Array> | undefined;
  /** Threads that check signatures, from 1 to 64. Default: one for each core, 4 at the most. A small log takes none. */
  readonly threads?: number | undefined;
  /** Told how far it is, now and then. */
  readonly onProgress?: ((progress: VerifyProgress) => void) | undefined;
  /**
   * Told of each finding as it comes up; of a stretch of 512 kB of a thousand at the most. One about the order of days comes
   * last, since it takes them all.
   */
  readonly onFinding?: ((finding: Finding) => void) | undefined;
  /** Ends the verification: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Options that were checked. */
export interface Verification {
  readonly registry: TrustRegistry | string | undefined;
  readonly start: Sha256Text;
  readonly startGiven: boolean;
  readonly paramsKeys: ReadonlyMap<string, Uint8Array>;
  readonly threads: number;
  readonly onProgress: (progress: VerifyProgress) => void;
  readonly onFinding: (finding: Finding) => void;
  readonly signal: AbortSignal | undefined;
}

const NAMES: readonly (keyof VerifyAuditOptions)[] = [
  "registry",
  "start",
  "paramsKeys",
  "threads",
  "onProgress",
  "onFinding",
  "signal",
];

/** More threads than these are faster, and take more than 200 MB. */
const MOST_THREADS_BY_DEFAULT = 4;

/** @throws `OptionError` for an option of the wrong type or range, or one that there is not. */
export function readVerifyOptions(value: VerifyAuditOptions, path: string = "options"): Verification {
  const options = optionRecord(value, path, NAMES);
  const start = options["start"];
  if (start !== undefined && !isSha256Text(start)) {
    throw invalidOption(`${path}.start`, "sha256: and 64 lower-case hex digits", start);
  }
  return {
    registry: registryOption(options, path),
    start: start ?? GENESIS_HASH,
    startGiven: start !== undefined,
    paramsKeys: keysOption(options, path),
    threads: integerOption(options, path, "threads", {
      min: 1,
      max: 64,
      fallback: Math.min(availableParallelism(), MOST_THREADS_BY_DEFAULT),
    }),
    onProgress: functionOption<Verification["onProgress"]>(options, path, "onProgress", () => undefined),
    onFinding: functionOption<Verification["onFinding"]>(options, path, "onFinding", () => undefined),
    signal: signalOption(options, path),
  };
}

/** @throws `OptionError` */
export function registryOption(options: OptionRecord, path: string): TrustRegistry | string | undefined {
  const value = options["registry"];
  if (value === undefined || value instanceof TrustRegistry) return value;
  return pathOption(value, `${path}.registry`, "a TrustRegistry, or the path of a registry file");
}

function keysOption(options: OptionRecord, path: string): ReadonlyMap<string, Uint8Array> {
  const value = options["paramsKeys"];
  const keys = new Map<string, Uint8Array>();
  if (value === undefined) return keys;
  const wanted = "a Map from the texts of public keys to keys of 32 bytes";
  // Of what is no such map nothing is shown: it may hold keys.
  if (!(value instanceof Map)) throw invalidOption(`${path}.paramsKeys`, wanted, undefined);
  for (const [kid, key] of value) {
    if (typeof kid !== "string" || !(key instanceof Uint8Array) || key.length !== 32) {
      throw invalidOption(`${path}.paramsKeys`, wanted, undefined);
    }
    keys.set(kid, Uint8Array.from(key));
  }
  return keys;
}

function signalOption(options: OptionRecord, path: string): AbortSignal | undefined {
  const value = options["signal"];
  if (value === undefined || value instanceof AbortSignal) return value;
  throw invalidOption(`${path}.signal`, "an AbortSignal", value);
}
