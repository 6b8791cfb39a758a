import { invalidOption } from "../lib/option.js";
import { isPlainObject, ownValue } from "../lib/json.js";

/** What Argon2id is run with: iterations, memory in KiB, lanes. */
export interface KdfParams {
  readonly t: number;
  readonly m: number;
  readonly p: number;
}

/** What keys are encrypted with: those of the other implementations of Signet (wire-format 11). */
export const KDF_PARAMS: KdfParams = { t: 3, m: 65_536, p: 1 };

/** What a file may ask for, since it is run before anything of the file is known to be right: 256 MiB, 2 s or so. */
const MOST: KdfParams = { t: 10, m: 262_144, p: 4 };
/** RFC 9106, 3.1: eight blocks for each lane. */
const LEAST_M_PER_LANE = 8;

const KEY_BYTES = 32;

/** Reads the parameters of a file. @returns what is wrong with them, if anything is. */
export function readKdfParams(value: unknown): KdfParams | string {
  if (!isPlainObject(value)) return '"kdf_params" must be an object of t, m and p';
  const unknown = Object.keys(value).find((name) => !Object.hasOwn(MOST, name));
  if (unknown !== undefined)
    return `"kdf_params" has the unknown member ${JSON.stringify(unknown.slice(0, 64))}`;
  const [t, m, p] = (["t", "m", "p"] as const).map((name) => inRange(ownValue(value, name), MOST[name]));
  if (t === undefined || m === undefined || p === undefined || m < p * LEAST_M_PER_LANE) {
    return `"kdf_params" must have t from 1 to ${MOST.t}, m from ${LEAST_M_PER_LANE} times p to ${MOST.m} KiB, and p from 1 to ${MOST.p}`;
  }
  return { t, m, p };
}

/**
 * Derives the key that a private key is encrypted with: Argon2id, version 0x13 (RFC 9106). It takes a quarter of a second, in which this
 * thread does nothing else.
 *
 * @param passphrase - 1 character or more; its UTF-8 bytes are taken as they are.
 * @returns 32 bytes, to be wiped after use.
 * @throws `OptionError` for a passphrase of no characters.
 */
export async function derivePassphraseKey(
  passphrase: string,
  salt: Uint8Array,
  { t, m, p }: KdfParams,
): Promise<Uint8Array> {
  if (passphrase === "")
    throw invalidOption("options.passphrase", "a text of 1 character or more", passphrase);
  // Loaded only where a key is encrypted.
  const { argon2id } = await import("hash-wasm");
  return argon2id({
    password: passphrase,
    salt,
    iterations: t,
    memorySize: m,
    parallelism: p,
    hashLength: KEY_BYTES,
    outputType: "binary",
  });
}

function inRange(value: unknown, most: number): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 1 && value <= most
    ? value
    : undefined;
}
