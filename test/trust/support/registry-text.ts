import { createHash } from "node:crypto";

import { createSigner } from "../../../src/crypto/signer.js";
import { formatPublicKey } from "../../../src/crypto/key-text.js";
import type { PublicKeyText } from "../../../src/crypto/key-text.js";

/** Fields of an entry as they stand in a file; `undefined` leaves one out. */
export type EntryFields = Readonly<Record<string, unknown>>;

/** Fields of a registry as they stand in a file; `undefined` leaves one out. */
export type RegistryFields = Readonly<Record<string, unknown>>;

export const GENERATED_AT = "2026-11-23T00:00:00Z";
export const CREATED_AT_MS: number = Date.UTC(2026, 10, 1);
export const NOW_MS: number = Date.UTC(2026, 10, 23);

const keys = new Map<string, PublicKeyText>();

/** The public key of a signer that exists, the same for the same name. */
export function keyOf(name: string): PublicKeyText {
  const key =
    keys.get(name) ?? formatPublicKey(createSigner(createHash("sha256").update(name).digest()).publicKey);
  keys.set(name, key);
  return key;
}

/** An entry that holds, with a key of its own. */
export function entryOf(id: string, fields: EntryFields = {}): EntryFields {
  return {
    id,
    name: id,
    owner: "platform-team",
    pubkey: keyOf(id),
    status: "active",
    created_at: "2026-11-01T00:00:00Z",
    ...fields,
  };
}

/** A registry that holds, with one agent unless the fields say otherwise. */
export function registryOf(fields: RegistryFields = {}): RegistryFields {
  return {
    version: 1,
    bundle_id: "tb_test",
    org: "acme",
    env: "test",
    generated_at: GENERATED_AT,
    roots: [],
    agents: [entryOf("bot")],
    servers: [],
    ...fields,
  };
}

/** The same as the text of a JSON file. */
export function registryJson(fields: RegistryFields = {}): string {
  return JSON.stringify(registryOf(fields), null, 2);
}

/** A registry of one agent as the text of a YAML file. `agent` and `top` are lines put into either, indented here. */
export function registryYaml({ agent = "", top = "" }: { agent?: string; top?: string } = {}): string {
  const entry = Object.entries(entryOf("bot")).map(([name, value]) => `${name}: ${String(value)}`);
  const lines = [...entry, ...agent.split("\n").filter((line) => line !== "")];
  const agents = lines.map((line, index) => `${index === 0 ? "  - " : "    "}${line}`).join("\n");
  const header = `version: 1\nbundle_id: tb_test\norg: acme\nenv: test\ngenerated_at: ${GENERATED_AT}\n`;
  return `${header}${top === "" ? "" : `${top}\n`}agents:\n${agents}\n`;
}

/** Plain YAML with many agents: two lists, a comment and an end for each, ten lines. */
export function largeRegistryYaml(
  count: number,
  fields: { readonly generatedAt?: string; readonly note?: string } = {},
): string {
  const agents = Array.from({ length: count }, (_, index) => {
    const pubkey = fakeKey(index);
    return `  - id: bot-${index}
    name: bot ${index}
    owner: platform-team
    pubkey: ${pubkey}
    status: active
    created_at: 2026-11-01T00:00:00Z
    expires_at: 2027-11-01T00:00:00Z
    tools: [read_file, "list_*"]
    targets:
      - mcp://github
`;
  });
  const { generatedAt = GENERATED_AT, note = "many" } = fields;
  return `version: 1
bundle_id: tb_large
org: acme
env: test
generated_at: ${generatedAt}
description: ${note}
agents:
${agents.join("")}`;
}

/** The text of 32 bytes that pass for a key until it is used: making 10,000 real ones would take seconds. */
export function fakeKey(index: number): PublicKeyText {
  const bytes = createHash("sha256").update(`fake ${index}`).digest();
  return formatPublicKey(bytes);
}
