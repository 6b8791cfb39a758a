import { isPlainObject, ownValue } from "../lib/json.js";
import { isPrincipal } from "./principal.js";
import { Malformed, readFields, readFreeJson, readInteger, readText } from "./read.js";
import type { Obligation } from "./types.js";

/**
 * Reads an obligation. Known types are checked with their parameters, `x-` types may have any; an unknown type and a
 * version newer than 1 of a known one are refused (wire format, section 9b).
 */
export function readObligation(value: unknown, path: string): Obligation {
  const fields = readFields(value, path, OBLIGATION);
  const type = readText(fields, path, "type");
  const version = readInteger(fields, path, "version", 1, MAX_VERSION);
  const parameters = readFreeJson(fields, path, "parameters");
  if (!isPlainObject(parameters)) throw new Malformed(`${path}.parameters`, "is not an object");
  const known = KNOWN.get(type);
  if (known !== undefined) {
    if (version !== 1) throw new Malformed(`${path}.version`, "is newer than 1");
    checkParameters(parameters, `${path}.parameters`, known);
  } else if (!EXTENSION.test(type)) {
    throw new Malformed(`${path}.type`, "is not known and does not begin with x-");
  }
  return { type, version, parameters };
}

interface Parameter {
  readonly required: boolean;
  readonly holds: (value: unknown) => boolean;
}

type Parameters = ReadonlyMap<string, Parameter>;

function checkParameters(
  parameters: Readonly<Record<string, unknown>>,
  path: string,
  known: Parameters,
): void {
  readFields(parameters, path, new Set(known.keys()));
  for (const [name, { required, holds }] of known) {
    const value = ownValue(parameters, name);
    if (value === undefined ? required : !holds(value)) {
      throw new Malformed(`${path}.${name}`, "is not what it must be");
    }
  }
}

/** The other implementations hold it in 32 bits. */
const MAX_VERSION = 0xffff_ffff;

const OBLIGATION: ReadonlySet<string> = new Set(["type", "version", "parameters"]);
const EXTENSION = /^x-[a-z0-9_-]+$/;
const DURATION = /^[0-9]+[smhd]$/;

const isName = (value: unknown): boolean => typeof value === "string" && value !== "";
const isPrincipalValue = (value: unknown): boolean => typeof value === "string" && isPrincipal(value);
const isDuration = (value: unknown): boolean => typeof value === "string" && DURATION.test(value);
const isBoolean = (value: unknown): boolean => typeof value === "boolean";

const KNOWN: ReadonlyMap<string, Parameters> = new Map<string, Parameters>([
  [
    "require_approval",
    new Map([
      ["approver", { required: false, holds: isPrincipalValue }],
      ["within", { required: false, holds: isDuration }],
    ]),
  ],
  ["require_cosign", new Map([["server", { required: true, holds: isName }]])],
  ["sandbox", new Map([["required", { required: true, holds: isBoolean }]])],
  ["audit", new Map([["retention", { required: true, holds: isDuration }]])],
]);
