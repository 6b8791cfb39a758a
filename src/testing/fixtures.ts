import { canonicalHash } from "../crypto/canonical-json.js";
import { formatPublicKey } from "../crypto/key-text.js";
import type { PublicKeyText } from "../crypto/key-text.js";
import { generateSigner } from "../crypto/signer.js";
import type { Signer } from "../crypto/signer.js";
import type { JsonRecord } from "../lib/json.js";
import { optionRecord, textOption } from "../lib/option.js";
import { RECEIPT_META } from "../receipt/meta.js";
import { signReceipt } from "../receipt/sign.js";
import type { ReceiptV1 } from "../receipt/types.js";
import { parseTrustRegistry } from "../trust/parse.js";
import type { TrustRegistry } from "../trust/registry.js";

/** A key with a name, for tests: the `identity` of a client or a guard. */
export interface TestIdentity {
  readonly signer: Signer;
  readonly name: string;
  readonly owner: string;
  readonly publicKey: PublicKeyText;
}

/**
 * Makes an identity with a new key.
 *
 * @param owner - Default is `"test"`.
 * @throws `OptionError` for a name or an owner that is no text, or blank.
 */
export function testIdentity(name: string, owner: string = "test"): TestIdentity {
  textOption(name, "name", "a name");
  textOption(owner, "owner", "a name");
  const signer = generateSigner();
  return { signer, name, owner, publicKey: formatPublicKey(signer.publicKey) };
}

/** An entry of a test registry. What is left out is as in a registry file: no restriction, active, never expires. */
export interface TestEntry extends Pick<TestIdentity, "name" | "owner" | "publicKey"> {
  readonly id?: string;
  readonly tools?: readonly string[];
  readonly targets?: readonly string[];
  readonly principal?: string;
  readonly limits?: { readonly maxCalls: number; readonly windowSeconds: number };
  readonly status?: "active" | "disabled" | "revoked";
  readonly createdAt?: string;
  readonly expiresAt?: string;
}

export interface TestRegistryInput {
  readonly agents: readonly TestEntry[];
  readonly servers?: readonly TestEntry[];
  readonly roots?: readonly TestEntry[];
}

/**
 * Makes a trust registry that lists identities, or entries made of them.
 *
 * @throws `OptionError` for a section that there is not, `TrustRegistryError` for an entry that no registry may hold.
 */
export function testRegistry(input: TestRegistryInput): TrustRegistry {
  return parseTrustRegistry(testRegistryText(input));
}

/** The same as the text of a registry file. JSON, and so YAML. */
export function testRegistryText(input: TestRegistryInput): string {
  optionRecord(input, "input", ["agents", "servers", "roots"]);
  const { agents, servers = [], roots = [] } = input;
  const registry = {
    version: 1,
    bundle_id: "tb_test",
    org: "test",
    env: "test",
    generated_at: CREATED_AT,
    roots: roots.map(entryFields),
    agents: agents.map(entryFields),
    servers: servers.map(entryFields),
  };
  return JSON.stringify(registry, undefined, 2);
}

const CREATED_AT = "2020-01-01T00:00:00Z";

function entryFields(entry: TestEntry, index: number): JsonRecord {
  const { status = "active" } = entry;
  return {
    id: entry.id ?? `${entry.name}-${index + 1}`,
    name: entry.name,
    owner: entry.owner,
    pubkey: entry.publicKey,
    status,
    created_at: entry.createdAt ?? CREATED_AT,
    ...(entry.expiresAt === undefined ? {} : { expires_at: entry.expiresAt }),
    ...(status === "active" ? {} : { [`${status}_at`]: entry.createdAt ?? CREATED_AT }),
    ...(entry.tools === undefined ? {} : { tools: entry.tools }),
    ...(entry.targets === undefined ? {} : { targets: entry.targets }),
    ...(entry.principal === undefined ? {} : { principal: entry.principal }),
    ...(entry.limits === undefined ? {} : { limits: limitFields(entry.limits) }),
  };
}

function limitFields({ maxCalls, windowSeconds }: NonNullable<TestEntry["limits"]>): JsonRecord {
  return { max_calls: maxCalls, window_seconds: windowSeconds };
}

export interface SignedCallInput {
  /** As {@link testIdentity} makes it; with a `principal`, if the receipt is to claim one. */
  readonly identity: Pick<TestIdentity, "signer" | "name" | "owner"> & { readonly principal?: string };
  readonly target: string;
  /** Name of the tool. */
  readonly tool: string;
  /** Default is none, as a client sends it that has none. */
  readonly arguments?: JsonRecord;
  /** When the call is signed, in milliseconds since the Unix epoch. Default is now. */
  readonly issuedAtMs?: number;
  /** When the receipt ends. Default: it says nothing. */
  readonly expMs?: number;
  /** Default: 128 random bits. */
  readonly nonce?: string;
  /** Whether the receipt holds only the hash of the arguments. Default is `false`. */
  readonly hashOnly?: boolean;
}

const CALL_MEMBERS: readonly string[] = [
  "identity",
  "target",
  "tool",
  "arguments",
  "issuedAtMs",
  "expMs",
  "nonce",
  "hashOnly",
];

/** The `params` of a signed `tools/call`. */
export interface SignedCallParams {
  readonly name: string;
  readonly arguments?: JsonRecord;
  readonly _meta: { readonly _signet: ReceiptV1 };
}

/**
 * Signs a call: the `params` for `guard.verify`, or for a raw `tools/call` request.
 *
 * @throws `OptionError`, as a rejection, for an option of the wrong type and for an unknown one.
 */
export async function signedCall(input: SignedCallInput): Promise<SignedCallParams> {
  optionRecord(input, "input", CALL_MEMBERS);
  optionRecord(input.identity, "input.identity", ["signer", "name", "owner", "publicKey", "principal"]);
  const { identity, tool, target, issuedAtMs = Date.now(), expMs, nonce } = input;
  const params = input.arguments ?? {};
  const receipt = await signReceipt({
    signer: identity.signer,
    name: identity.name,
    owner: identity.owner,
    principal: identity.principal,
    tool,
    target,
    transport: "test",
    issuedAtMs,
    expMs,
    nonce,
    ...(input.hashOnly === true ? { paramsHash: canonicalHash(params) } : { params }),
  });
  const sent = input.arguments === undefined ? {} : { arguments: input.arguments };
  return { name: tool, ...sent, _meta: { [RECEIPT_META]: receipt } };
}
