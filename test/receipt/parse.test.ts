import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import {
  agentReceiptText,
  canonicalJson,
  paramsText,
  parseAgentReceipt,
  parseAuthorizationDecision,
  parseBilateralReceipt,
  parseCompoundReceipt,
  parseDelegationToken,
  parseReceipt,
  parseRevocationRecord,
} from "../../src/receipt/index.js";
import type { Parsed } from "../../src/receipt/index.js";
import { CanonicalJsonError } from "../../src/errors.js";
import { isPlainObject } from "../../src/lib/json.js";
import { at, changed, paths, without } from "../support/json-paths.js";
import type { Path } from "../support/json-paths.js";
import { jsonValues } from "../support/json-values.js";
import { artifacts, decisionsByBasis, fullReceiptV1, receiptV1, receiptV3, receiptV4 } from "./samples.js";
import { utf8 } from "../support/bytes.js";

type Parser = (value: unknown) => Parsed<unknown>;

const PARSERS: { readonly [name: string]: Parser } = {
  v1: parseAgentReceipt,
  v2: parseCompoundReceipt,
  v3: parseBilateralReceipt,
  v4: parseAgentReceipt,
  token: parseDelegationToken,
  decision: parseAuthorizationDecision,
  revocation: parseRevocationRecord,
  any: parseReceipt,
};
const ARTIFACTS = Object.entries(artifacts()).map(([name, artifact]) => ({
  name,
  artifact,
  parse: PARSERS[name] ?? parseReceipt,
}));

/** Members that hold free JSON: what is inside has no unknown members. */
const FREE = new Set(["params", "parameters", "extensions"]);

const OPTIONAL = new Set(
  [
    ["session", "call_id", "response_hash", "trace_id", "parent_receipt_id", "principal", "acting_for"],
    ["exp", "policy", "authz_decision", "outcome", "error", "extensions"],
    ["expires", "correlation_id", "expires_at", "credential_ref"],
  ].flat(),
);

function isOptional(path: Path): boolean {
  const [holder, name] = [path.at(-2), String(path.at(-1))];
  if (name === "constraints") return holder === "scope";
  if (name === "reason") return holder === "outcome";
  return OPTIONAL.has(name);
}

const MALFORMED = { ok: false, code: "malformed" };

describe.each(ARTIFACTS)("parsing a $name", ({ artifact, parse }) => {
  it("returns a copy that is written the same", () => {
    const parsed = parse(artifact);
    expect(parsed).toMatchObject({ ok: true });
    expect(parsed.ok && canonicalJson(parsed.value)).toBe(canonicalJson(artifact));
    expect(parsed.ok && parsed.value).not.toBe(artifact);
  });

  const members = paths(artifact, "members", FREE);
  const fixed = members.filter((path) => !FREE.has(String(path.at(-1))));

  it.each(["unknown", "__proto__", "constructor", "toJSON"])(
    "refuses the unknown member %s at every level",
    (name) => {
      const accepted = paths(artifact, "objects", FREE).filter(
        (path) => parse(changed(artifact, path, (object) => withMember(object, name))).ok,
      );
      expect(accepted).toEqual([]);
    },
  );

  it.each<unknown[]>([[null], [undefined], [-1], [0.5], [[[]]], [{}], [Symbol("x")], [fail]])(
    "refuses %o in place of any member",
    (wrong) => {
      expect(fixed.filter((path) => parse(changed(artifact, path, () => wrong)).ok)).toEqual([]);
    },
  );

  it("is complete without any optional member, and refused without any other", () => {
    const optional = members.filter((path) => parse(without(artifact, path)).ok);
    expect(optional).toEqual(members.filter(isOptional));
  });

  it.each(["x".repeat(8193), "\ud800", "a\udc00b"])("refuses %j in place of any text", (wrong) => {
    const texts = paths(artifact, "values", FREE).filter((path) => typeof at(artifact, path) === "string");
    expect(texts.filter((path) => parse(changed(artifact, path, () => wrong)).ok)).toEqual([]);
  });

  it("never throws and accepts nothing that is written differently, whatever is changed in it", () => {
    const places = paths(artifact, "values", FREE);
    fc.assert(
      fc.property(fc.constantFrom(...places), anything(), fc.boolean(), (path, replacement, wrap) => {
        const value = changed(artifact, path, (before) => (wrap ? [before, replacement] : replacement));
        expect(isFaithful(parse, value) && isFaithful(parseReceipt, value)).toBe(true);
      }),
      { numRuns: 400 },
    );
  });
});

describe("parsing anything", () => {
  it("never throws and accepts nothing that is written differently", () => {
    fc.assert(
      fc.property(anything(), (value) => {
        expect(Object.values(PARSERS).filter((parse) => !isFaithful(parse, value))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it("refuses what throws when it is looked at", () => {
    const hostile = new Proxy(
      {},
      { get: fail, ownKeys: fail, getPrototypeOf: fail, getOwnPropertyDescriptor: fail },
    );
    const getter: unknown = Object.defineProperty({ ...receiptV1() }, "ts", { get: fail, enumerable: true });
    const receipt = receiptV3();
    for (const value of [
      hostile,
      getter,
      { ...receiptV1(), action: hostile },
      { ...receipt, agent_receipt: hostile },
    ]) {
      expect(parseReceipt(value)).toMatchObject(MALFORMED);
    }
  });

  it("refuses instances, null and what is no object", () => {
    const instance = Object.assign(new Error("no receipt"), receiptV1());
    const inherited: unknown = Object.create(receiptV1());
    for (const value of [
      null,
      undefined,
      1,
      "receipt",
      [],
      [receiptV1()],
      instance,
      inherited,
      new Map(),
      () => 1,
    ]) {
      expect(parseReceipt(value)).toMatchObject(MALFORMED);
    }
  });

  it("does not read members that an object inherits", () => {
    const { exp: _, ...bare } = receiptV1();
    const inherited: unknown = Object.assign(Object.create({ exp: "2026-01-01T00:00:00Z" }), bare);
    expect(parseAgentReceipt(inherited)).toMatchObject(MALFORMED);
  });

  it("takes objects without a prototype", () => {
    const bare: unknown = Object.assign(Object.create(null), receiptV1());
    expect(parseAgentReceipt(bare)).toMatchObject({ ok: true });
  });
});

describe("the version", () => {
  it.each([0, 2, 3, 5, 99, -1, 1.5])("%d over the members of a v1 receipt is not supported", (v) => {
    expect(parseAgentReceipt({ ...receiptV1(), v })).toMatchObject({
      ok: false,
      code: "unsupported_version",
    });
  });

  it.each(["1", null, true, undefined, [1], { v: 1 }])("%j is malformed", (v) => {
    expect(parseAgentReceipt({ ...receiptV1(), v })).toMatchObject(MALFORMED);
  });

  it("4 over the members of a v1 receipt is malformed, and 1 over those of a v4 receipt", () => {
    expect(parseAgentReceipt({ ...receiptV1(), v: 4 })).toMatchObject(MALFORMED);
    expect(parseAgentReceipt({ ...receiptV4(), v: 1 })).toMatchObject(MALFORMED);
  });

  it("of a countersigned receipt's agent receipt is 1 or 4", () => {
    const receipt = receiptV3();
    for (const v of [2, 3, 5]) {
      const nested = { ...receipt, agent_receipt: { ...receipt.agent_receipt, v } };
      expect(parseBilateralReceipt(nested)).toMatchObject(MALFORMED);
    }
    expect(parseBilateralReceipt({ ...receipt, agent_receipt: receipt })).toMatchObject(MALFORMED);
  });

  it("of another kind than the one asked for is not supported", () => {
    const unsupported = { ok: false, code: "unsupported_version" };
    expect(parseBilateralReceipt(receiptV1())).toMatchObject(unsupported);
    expect(parseCompoundReceipt(receiptV1())).toMatchObject(unsupported);
    expect(parseAgentReceipt(receiptV3())).toMatchObject(unsupported);
    expect(parseDelegationToken({ v: 2 })).toMatchObject(unsupported);
    expect(parseAuthorizationDecision({ v: 2 })).toMatchObject(unsupported);
    expect(parseRevocationRecord({ v: 2 })).toMatchObject(unsupported);
    expect(parseReceipt({ v: 5 })).toMatchObject(unsupported);
  });
});

describe("members outside the signature", () => {
  it("exp and policy are refused on a v4 receipt, authorization on a v1 receipt", () => {
    expect(parseAgentReceipt({ ...receiptV4(), exp: "2099-01-01T00:00:00Z" })).toMatchObject(MALFORMED);
    const { policy } = fullReceiptV1();
    expect(policy).toBeDefined();
    expect(parseAgentReceipt({ ...receiptV4(), policy })).toMatchObject(MALFORMED);
    const { authorization } = receiptV4();
    expect(parseAgentReceipt({ ...receiptV1(), authorization })).toMatchObject(MALFORMED);
  });

  it("an id that does not follow from sig is refused", () => {
    const { id } = receiptV1({ nonce: "another" });
    expect(parseAgentReceipt({ ...receiptV1(), id })).toMatchObject(MALFORMED);
    expect(parseAgentReceipt({ ...receiptV1(), id: receiptV1().id.toUpperCase() })).toMatchObject(MALFORMED);
    expect(parseAgentReceipt({ ...receiptV1(), id: receiptV1().id.replace("rec_", "del_") })).toMatchObject(
      MALFORMED,
    );
  });

  it("extensions are kept when they are small and refused when they are not", () => {
    const receipt = receiptV3();
    const small = { region: "eu", list: [1, { a: null }] };
    expect(parseBilateralReceipt({ ...receipt, extensions: small })).toMatchObject({
      value: { extensions: small },
    });
    for (const extensions of ["x".repeat(20_000), nested(40), { a: undefined }, Number.NaN, undefined]) {
      expect(parseBilateralReceipt({ ...receipt, extensions })).toMatchObject(MALFORMED);
    }
  });
});

describe("params", () => {
  it("are passed on as they are, and looked into by nobody", () => {
    const params = new Proxy({}, { get: fail, ownKeys: fail, getPrototypeOf: fail });
    const value = { ...receiptV1(), action: { ...receiptV1().action, params } };
    const parsed = parseAgentReceipt(value);
    expect(parsed.ok && parsed.value.action.params === params).toBe(true);
  });

  it("may be any JSON value, but are never missing", () => {
    fc.assert(
      fc.property(jsonValues(), (params) => {
        const value = { ...receiptV1(), action: { ...receiptV1().action, params } };
        const parsed = parseAgentReceipt(value);
        if (!parsed.ok) throw new TypeError(parsed.detail);
        expect(utf8(agentReceiptText(parsed.value, paramsText(parsed.value)).whole)).toBe(
          canonicalJson(value),
        );
      }),
      { numRuns: 200 },
    );
  });
});

describe("lists", () => {
  const receipt = receiptV4();
  const withChain = (chain: unknown): unknown => ({
    ...receipt,
    authorization: { ...receipt.authorization, chain },
  });
  const withRules = (matched_rules: unknown): unknown => ({
    ...fullReceiptV1(),
    policy: { ...fullReceiptV1().policy, matched_rules },
  });

  it("are bounded, and a chain has at least one token", () => {
    const [token] = receipt.authorization.chain;
    expect(parseAgentReceipt(withChain([]))).toMatchObject(MALFORMED);
    expect(parseAgentReceipt(withChain(Array(16).fill(token)))).toMatchObject({ ok: true });
    expect(parseAgentReceipt(withChain(Array(17).fill(token)))).toMatchObject(MALFORMED);
    expect(parseAgentReceipt(withRules(Array(1024).fill("r")))).toMatchObject({ ok: true });
    expect(parseAgentReceipt(withRules(Array(1025).fill("r")))).toMatchObject(MALFORMED);
  });

  it("have no holes and no other members", () => {
    const sparse = Object.assign(Array<string>(2), { 1: "b" });
    const named = Object.assign(["a"], { more: "b" });
    for (const rules of [sparse, named, Array(3), { 0: "a", length: 1 }]) {
      expect(parseAgentReceipt(withRules(rules))).toMatchObject(MALFORMED);
    }
  });
});

describe("a decision's basis", () => {
  it.each(decisionsByBasis())("of kind $basis.type is read and written back the same", (decision) => {
    const parsed = parseAuthorizationDecision(decision);
    expect(parsed.ok && canonicalJson(parsed.value)).toBe(canonicalJson(decision));
    const mixed = { ...decision, basis: { ...decision.basis, policy_name: "x", engine: "y" } };
    expect(parseAuthorizationDecision(mixed)).toMatchObject(MALFORMED);
  });
});

describe("the detail of a refusal", () => {
  it("is short and never holds the peer's text beyond 64 characters", () => {
    const name = "n".repeat(5000);
    const parsed = parseAgentReceipt({ ...receiptV1(), [name]: 1 });
    expect(parsed.ok || parsed.detail.length < 200).toBe(true);
  });
});

/** Tells that a value is refused, or read into a copy that is written the same. */
function isFaithful(parse: Parser, value: unknown): boolean {
  const parsed = parse(value);
  return !parsed.ok || textOf(parsed.value) === textOf(value);
}

/** Canonical text, or the code of what has none: params are not looked into by the parser. */
function textOf(value: unknown): string {
  try {
    return canonicalJson(value);
  } catch (error) {
    if (error instanceof CanonicalJsonError) return error.code;
    throw error;
  }
}

function anything(): fc.Arbitrary<unknown> {
  return fc.oneof(
    jsonValues(),
    fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSparseArray: true,
      withNullPrototype: true,
    }),
    fc.constantFrom<unknown[]>(
      "",
      "*",
      "ed25519:",
      0,
      -0,
      1,
      2 ** 32,
      2 ** 53,
      Number.NaN,
      [],
      {},
      null,
      undefined,
    ),
  );
}

/** Copies an object and adds a member, also one that is named `__proto__`. */
function withMember(object: unknown, name: string): unknown {
  return Object.fromEntries([...Object.entries(isPlainObject(object) ? object : {}), [name, "x"]]);
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}

function fail(): never {
  throw new Error("do not look");
}
